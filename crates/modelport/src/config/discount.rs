//! What a provider takes off its list prices.

use modelport_provider::cost::Discount;
use rust_decimal::Decimal;

use super::value::{Wrong, shown, wrong};

/// The most digits behind the point of a share.
const MAX_DIGITS: u32 = 6;

/// Reads a share of a price: percents, or a number from 0 to less than 1. A whole number could be either.
pub(super) fn discount(text: &str) -> Result<Discount, Wrong> {
    let refused = |problem: &str| {
        wrong(
            format!("{} {problem}", shown(text)),
            "Use percents such as 15%, or a share such as 0.15.",
        )
    };
    let (number, percent) = match text.strip_suffix('%') {
        Some(number) => (number.trim_end(), true),
        None => (text, false),
    };
    let is_plain = number
        .bytes()
        .all(|byte| byte.is_ascii_digit() || byte == b'.');
    let number = Decimal::from_str_exact(number).ok().filter(|_| is_plain);
    let number = number.ok_or_else(|| refused("is no discount"))?;
    let share = if percent {
        number / Decimal::ONE_HUNDRED
    } else if number < Decimal::ONE {
        number
    } else {
        return Err(refused("may be meant in percent or not"));
    };
    if share > Decimal::ONE {
        return Err(refused("is more than the whole price"));
    }
    Some(share.normalize())
        .filter(|share| share.scale() <= MAX_DIGITS)
        .and_then(Discount::new)
        .ok_or_else(|| refused("has too many digits to be counted exactly"))
}

#[cfg(test)]
mod tests {
    use super::discount;

    #[test]
    fn a_discount_is_a_share_or_percents_and_never_a_guess() {
        for (text, shown) in [
            ("15%", "15%"),
            ("0.15", "15%"),
            ("12.5 %", "12.5%"),
            ("0", "0%"),
            ("0%", "0%"),
            ("100%", "100%"),
            ("0.000001", "0.0001%"),
            ("5.0000000%", "5%"),
        ] {
            assert_eq!(
                discount(text).map(|found| found.to_string()),
                Ok(shown.to_owned()),
                "{text}"
            );
        }
        for (text, problem) in [
            ("15", "\"15\" may be meant in percent or not"),
            ("1", "\"1\" may be meant in percent or not"),
            ("101%", "\"101%\" is more than the whole price"),
            ("-5%", "\"-5%\" is no discount"),
            ("+5%", "\"+5%\" is no discount"),
            ("1e-2", "\"1e-2\" is no discount"),
            ("%", "\"%\" is no discount"),
            ("half", "\"half\" is no discount"),
            (
                "0.1234567",
                "\"0.1234567\" has too many digits to be counted exactly",
            ),
        ] {
            let wrong = discount(text).unwrap_err();
            assert_eq!(wrong.problem, problem);
            assert!(wrong.remedy.contains("15%"));
        }
    }
}
