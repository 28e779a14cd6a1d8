//! The one injective encoding of names into file, service and upstream names.

/// Encodes `name` so that the result is a safe file name and nginx upstream name, and no two names share one, even
/// where case is ignored (nginx compares upstream names without case).
///
/// Lower-case letters, digits, `-`, `_` and inner `.` stand for themselves; every other byte becomes `%` and two hex
/// digits. `+` never occurs in a result, so joined results (`shop+master+web`) stay distinct.
pub fn encode(name: &str) -> String {
    let mut encoded = String::with_capacity(name.len());
    for (position, byte) in name.bytes().enumerate() {
        let plain = byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'_');
        if plain || (byte == b'.' && position > 0) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02x}"));
        }
    }
    encoded
}

/// Decodes what [`encode`] made; `None` when `text` is not such a result.
pub fn decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let digits = [rest.next()?, rest.next()?];
            bytes.push(u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?);
        } else {
            bytes.push(byte);
        }
    }
    let decoded = String::from_utf8(bytes).ok()?;
    (encode(&decoded) == text).then_some(decoded)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn ordinary_names_stay_readable() {
        assert_eq!(encode("node-js-sample"), "node-js-sample");
        assert_eq!(encode("feature/Login"), "feature%2f%4cogin");
        assert_eq!(encode(".hidden"), "%2ehidden");
    }

    proptest! {
        #[test]
        fn every_name_comes_back(name in "\\PC{0,40}") {
            prop_assert_eq!(decode(&encode(&name)), Some(name));
        }

        #[test]
        fn no_two_names_share_an_encoding_even_without_case(a in "[a-zA-Z/.+%]{0,8}", b in "[a-zA-Z/.+%]{0,8}") {
            prop_assert_eq!(a == b, encode(&a).to_lowercase() == encode(&b).to_lowercase());
        }
    }
}
