//! Numbers that tell clients apart where limits are counted.
//!
//! They are drawn anew by each process: a client that can choose its address, as in a large IPv6 network, could otherwise take
//! the number of another client, and use up its limits.

use std::hash::BuildHasher;
use std::net::IpAddr;
use std::sync::LazyLock;

use foldhash::quality::RandomState;

use crate::base::name::Name;

static NUMBERS: LazyLock<RandomState> = LazyLock::new(RandomState::default);

/// The number of an IPv4 address or of an IPv6 network of 64 bits, because one host can use all addresses of that network.
pub(crate) fn of_address(address: IpAddr) -> u32 {
    number(match address.to_canonical() {
        IpAddr::V4(address) => (4, address.to_bits().into()),
        IpAddr::V6(address) => (6, address.to_bits() >> 64),
    })
}

/// The number of a name that somebody unknown chose.
pub(crate) fn of_name(name: &Name) -> u32 {
    number(name)
}

fn number(client: impl std::hash::Hash) -> u32 {
    (NUMBERS.hash_one(client) & 0xffff_ffff) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clients_have_numbers() {
        let number = |text: &str| of_address(text.parse().unwrap());
        assert_eq!(number("192.0.2.1"), number("::ffff:192.0.2.1"));
        assert_ne!(number("192.0.2.1"), number("192.0.2.2"));
        assert_eq!(number("2001:db8:1:2::1"), number("2001:db8:1:2:3::9"));
        assert_ne!(number("2001:db8:1:2::1"), number("2001:db8:1:3::1"));
        assert_ne!(number("2001:db8:1:2::1"), number("2001:db8:2:1::1"));
    }

    /// The owner of an IPv6 network of 32 bits can choose 32 bits of the address. No simple choice gives another client's number.
    #[test]
    fn no_client_can_take_the_number_of_another() {
        let [victim, prefix] = [0xc000_0201_u32, 0x2001_0db8];
        let networks = [victim, prefix ^ victim, (prefix ^ victim).rotate_left(16), victim.rotate_left(16)];
        for low in networks {
            let taken = IpAddr::V6(((u128::from(prefix) << 32 | u128::from(low)) << 64).into());
            assert_ne!(of_address(taken), of_address(IpAddr::V4(victim.into())), "{taken}");
        }
    }
}
