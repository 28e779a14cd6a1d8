//! Sizes in bytes: `100m`.

use crate::fields::Field;
use crate::finding::Finding;

const EXPECTED: &str = "a size such as 512k, 100m or 2g, or 0 for no limit";

impl Field<'_> {
    /// Decodes a size, in bytes.
    pub(crate) fn size(&self) -> Result<u64, Finding> {
        parse(&self.scalar(EXPECTED)?.text).ok_or_else(|| self.unexpected(EXPECTED))
    }
}

fn parse(text: &str) -> Option<u64> {
    let unit = |letter: char| match letter {
        'k' | 'K' => Some(1024),
        'm' | 'M' => Some(1024 * 1024),
        'g' | 'G' => Some(1024 * 1024 * 1024),
        _ => None,
    };
    let (number, unit) = match text.chars().last().and_then(unit) {
        Some(unit) => (&text[..text.len() - 1], unit),
        None => (text, 1),
    };
    let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    // nginx counts bytes in an `off_t`.
    let size = number.parse::<u64>().ok().filter(|_| is_number)?.checked_mul(unit)?;
    i64::try_from(size).is_ok().then_some(size)
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn sizes_have_the_units_of_nginx() {
        for (text, size) in
            [("0", 0), ("1000", 1000), ("8k", 8192), ("100m", 104_857_600), ("2G", 2_147_483_648)]
        {
            assert_eq!(parse(text), Some(size), "{text}");
        }
        for wrong in ["", "m", "-1", "1.5m", "1t", "1 m", "99999999999g"] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }
}
