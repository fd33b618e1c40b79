use super::*;

fn batch(lines: &[&str]) -> Vec<u8> {
    let mut batch = Vec::new();
    for line in lines {
        add_line(&mut batch, |batch| batch.extend_from_slice(line.as_bytes()));
    }
    batch
}

#[test]
fn what_is_appended_is_read_in_order_and_once() {
    let home = tempfile::tempdir().unwrap();
    let mut writer = Writer::new(Arc::new(Place::new(home.path()).unwrap())).unwrap();
    writer.append(&batch(&["{\"n\":1}", "{\"n\":2}"])).unwrap();
    let first = read(&writer.place, Position::default(), 1).unwrap();
    assert_eq!(first.lines, ["{\"n\":1}"]);
    assert!(!first.is_last);
    writer.append(&batch(&["{\"n\":3}"])).unwrap();
    let rest = read(&writer.place, first.end, 9).unwrap();
    assert_eq!(rest.lines, ["{\"n\":2}", "{\"n\":3}"]);
    assert!(rest.is_last);
    let none = read(&writer.place, rest.end, 9).unwrap();
    assert!(none.lines.is_empty() && none.is_last && none.end == rest.end);
}

#[test]
fn a_line_that_was_cut_or_changed_is_passed_over() {
    let home = tempfile::tempdir().unwrap();
    let mut writer = Writer::new(Arc::new(Place::new(home.path()).unwrap())).unwrap();
    writer.append(&batch(&["{\"n\":1}"])).unwrap();
    writer.append(b"00000000 {\"n\":2}\n").unwrap();
    writer.append(b"12").unwrap();
    let before = read(&writer.place, Position::default(), 9).unwrap();
    assert_eq!((before.lines.len(), before.damaged), (1, 1));
    // The process has died, and another one begins behind what it left.
    drop(writer);
    let place = Place::left_behind(home.path()).unwrap().pop().unwrap();
    let mut writer = Writer::new(Arc::new(place)).unwrap();
    writer.append(&batch(&["{\"n\":3}"])).unwrap();
    let after = read(&writer.place, before.end, 9).unwrap();
    assert_eq!(after.lines, ["{\"n\":3}"]);
    assert_eq!(after.end.segment, 2);
    forget(&writer.place, after.end).unwrap();
    assert_eq!(writer.place.segments().unwrap(), [2]);
}

#[test]
fn a_long_journal_has_several_segments() {
    let home = tempfile::tempdir().unwrap();
    let mut writer = Writer::new(Arc::new(Place::new(home.path()).unwrap())).unwrap();
    let long = format!("\"{}\"", "x".repeat(1000));
    let thousand = batch(&vec![long.as_str(); 1000]);
    for _ in 0..20 {
        writer.append(&thousand).unwrap();
    }
    assert_eq!(writer.place.segments().unwrap(), [1, 2, 3]);
    let (mut seen, mut at) = (0, Position::default());
    loop {
        let read = read(&writer.place, at, 700).unwrap();
        (seen, at) = (seen + read.lines.len(), read.end);
        if read.is_last {
            break;
        }
    }
    assert_eq!(seen, 20_000);
}

#[test]
fn a_journal_in_use_is_not_taken() {
    let home = tempfile::tempdir().unwrap();
    let held = Place::new(home.path()).unwrap();
    assert!(Place::left_behind(home.path()).unwrap().is_empty());
    drop(held);
    let left = Place::left_behind(home.path()).unwrap();
    assert_eq!(left.len(), 1);
    remove(&left[0]).unwrap();
    assert_eq!(fs::read_dir(home.path()).unwrap().count(), 0);
}
