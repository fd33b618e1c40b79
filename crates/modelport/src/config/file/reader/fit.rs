//! Whether a value is of the kind that its key takes.

use crate::config::file::keys::Shape;
use crate::config::file::tree::{Node, Value};

/// The part of a value that is of a wrong kind.
pub(super) fn misplaced(shape: Shape, node: &Node) -> Option<&Node> {
    let fits = match shape {
        Shape::Text | Shape::Path | Shape::Profile | Shape::Secret | Shape::Choice(_) => {
            is_text(node)
        }
        Shape::Seconds | Shape::Whole { .. } => {
            matches!(node.value, Value::Number(_)) || refers(node)
        }
        Shape::Switch => matches!(node.value, Value::Switch(_)) || refers(node),
        Shape::SwitchOr(_) => matches!(node.value, Value::Switch(_) | Value::Table(_)),
        Shape::Bytes | Shape::Share => matches!(node.value, Value::Number(_) | Value::Text(_)),
        Shape::Keys | Shape::Tables(_) | Shape::Targets(_) => is_list(node),
        Shape::Table(_) => is_table(node),
        Shape::Secrets | Shape::Texts if is_text(node) => true,
        Shape::Secrets | Shape::Texts | Shape::Words(_) if is_list(node) => {
            return node.items().iter().find(|item| !is_text(item));
        }
        Shape::Headers | Shape::Strings if is_table(node) => {
            let mut nodes = node.entries().iter().map(|entry| &entry.node);
            return nodes.find(|node| !is_text(node));
        }
        Shape::Secrets | Shape::Texts | Shape::Words(_) | Shape::Headers | Shape::Strings => false,
    };
    (!fits).then_some(node)
}

fn is_text(node: &Node) -> bool {
    matches!(node.value, Value::Text(_))
}

fn is_list(node: &Node) -> bool {
    matches!(node.value, Value::List(_))
}

fn is_table(node: &Node) -> bool {
    matches!(node.value, Value::Table(_))
}

/// Whether it is text that refers to a variable, which may hold anything.
fn refers(node: &Node) -> bool {
    matches!(&node.value, Value::Text(text) if text.contains("${"))
}
