//! Random case of letters ("0x20"): one more bit to guess per letter.

use crate::resolve::wire::codec::{HEADER, end_of_question};

/// Changes the case of each letter of the name whose bit in `coins` is set.
pub(in crate::resolve) fn shuffle_case(octets: &mut [u8], coins: &[u8; 32]) {
    let end = end_of_question(octets).saturating_sub(4);
    let Some(name) = octets.get_mut(HEADER..end) else { return };
    for (at, octet) in name.iter_mut().enumerate() {
        // A length octet is at most 63, so it is never a letter.
        if octet.is_ascii_alphabetic() && coins.get(at / 8).is_some_and(|coin| coin >> (at % 8) & 1 == 1) {
            *octet ^= 0x20;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::name::Name;
    use crate::dns::RecordType;
    use crate::resolve::wire::codec::{AskedName, Edns, encoded};

    #[test]
    fn only_the_name_changes() {
        let name = Name::parse("abc-1.bl.test").unwrap();
        for edns in [Edns::Yes, Edns::No] {
            let lower = encoded(7, AskedName::Name(&name), RecordType::A, edns);
            let mut shuffled = lower.clone();
            shuffle_case(&mut shuffled, &[0xff; 32]);
            assert_eq!(&shuffled[12..27], b"\x05ABC-1\x02BL\x04TEST\0");
            assert_eq!((&shuffled[..12], &shuffled[27..]), (&lower[..12], &lower[27..]));
        }
    }
}
