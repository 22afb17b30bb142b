//! Durations: `5s`, `500ms`, `30m`, `1h`.

use std::time::Duration;

/// A number with its unit; `None` for anything else.
pub(super) fn parse(text: &str) -> Option<Duration> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at_checked(digits)?;
    let number: u64 = number.parse().ok()?;
    let seconds = |unit: u64| number.checked_mul(unit).map(Duration::from_secs);
    match unit {
        "ms" => Some(Duration::from_millis(number)),
        "s" => seconds(1),
        "m" => seconds(60),
        "h" => seconds(3_600),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units() {
        assert_eq!(parse("5s"), Some(Duration::from_secs(5)));
        assert_eq!(parse("500ms"), Some(Duration::from_millis(500)));
        assert_eq!(parse("30m"), Some(Duration::from_secs(1_800)));
        assert_eq!(parse("1h"), Some(Duration::from_secs(3_600)));
        for wrong in ["", "5", "s", "-5s", "5 s", "1.5s", "5d", "99999999999999999999s", "9999999999999999999h"] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }
}
