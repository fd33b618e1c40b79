//! Arithmetic that is exact or nothing. A decimal's own operators round what does not fit; an amount that was rounded would no
//! longer be the sum of its parts.

use rust_decimal::Decimal;

/// `a` times `b`; nothing if that cannot be held exactly.
pub(super) fn product(a: Decimal, b: Decimal) -> Option<Decimal> {
    let times = |a: Decimal, b: Decimal| {
        let mantissa = a.mantissa().checked_mul(b.mantissa())?;
        Decimal::try_from_i128_with_scale(mantissa, a.scale() + b.scale()).ok()
    };
    times(a, b).or_else(|| times(a.normalize(), b.normalize()))
}

/// `a` and `b` together; nothing if that cannot be held exactly.
pub(super) fn sum(a: Decimal, b: Decimal) -> Option<Decimal> {
    let plus = |a: Decimal, b: Decimal| {
        let scale = a.scale().max(b.scale());
        let mantissa = at_scale(a, scale)?.checked_add(at_scale(b, scale)?)?;
        Decimal::try_from_i128_with_scale(mantissa, scale).ok()
    };
    plus(a, b).or_else(|| plus(a.normalize(), b.normalize()))
}

/// `a` less `b`; nothing if that cannot be held exactly.
pub(super) fn difference(a: Decimal, b: Decimal) -> Option<Decimal> {
    sum(a, -b)
}

fn at_scale(amount: Decimal, scale: u32) -> Option<i128> {
    let power = 10_i128.checked_pow(scale.checked_sub(amount.scale())?)?;
    amount.mantissa().checked_mul(power)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decimal(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    #[test]
    fn what_fits_is_exact_and_what_does_not_is_nothing() {
        let tiny = "0.0000000000000000000000000001";
        for (a, b, expected_product, expected_sum) in [
            ("2", "0.5", Some("1"), Some("2.5")),
            ("0", "0.0", Some("0"), Some("0")),
            ("10", tiny, Some("0.000000000000000000000000001"), None),
            (tiny, "0.1", None, None),
            (tiny, tiny, None, Some("0.0000000000000000000000000002")),
            (
                "79228162514264337593543950335",
                "1",
                Some("79228162514264337593543950335"),
                None,
            ),
            (
                "79228162514264337593543950335",
                "0",
                Some("0"),
                Some("79228162514264337593543950335"),
            ),
            (
                "1.5000000000000000000000000000",
                "2.00",
                Some("3"),
                Some("3.5"),
            ),
        ] {
            let (a, b) = (decimal(a), decimal(b));
            assert_eq!(product(a, b), expected_product.map(decimal), "{a} * {b}");
            if let Some(expected) = expected_sum {
                assert_eq!(sum(a, b), Some(decimal(expected)), "{a} + {b}");
            }
        }
        let most = Decimal::MAX;
        assert_eq!(sum(most, Decimal::ONE), None);
        assert_eq!(sum(most, decimal(tiny)), None);
        assert_eq!(product(most, Decimal::TWO), None);
        assert_eq!(
            difference(Decimal::ONE, decimal("0.15")),
            Some(decimal("0.85"))
        );
    }
}
