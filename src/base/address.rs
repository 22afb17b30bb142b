//! Addresses: how they are written under a zone, and which of them have no meaning on the public Internet.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{Ipv4Net, Ipv6Net};

/// The labels of an address in the order that DNS needs, each followed by a dot: octets for IPv4 (RFC 5782 §2.1),
/// nibbles for IPv6 (RFC 5782 §2.4). IPv4-mapped addresses are not converted: test entries such as `::FFFF:7F00:2`
/// must stay IPv6.
pub(crate) fn reversed_labels(address: IpAddr) -> Labels {
    // Written without the formatter and on the stack, for speed: up to twelve lists need these labels for every
    // client.
    let mut labels = Labels { octets: [0; Labels::MOST], length: 0 };
    let digit = |digit: u8| if digit < 10 { b'0' + digit } else { b'a' - 10 + digit };
    match address {
        IpAddr::V4(address) => {
            for octet in address.octets().into_iter().rev() {
                if octet >= 100 {
                    labels.push(digit(octet / 100));
                }
                if octet >= 10 {
                    labels.push(digit(octet / 10 % 10));
                }
                labels.push(digit(octet % 10));
                labels.push(b'.');
            }
        }
        IpAddr::V6(address) => {
            for octet in address.octets().into_iter().rev() {
                for nibble in [octet & 0xf, octet >> 4] {
                    labels.push(digit(nibble));
                    labels.push(b'.');
                }
            }
        }
    }
    labels
}

/// Labels of an address, each followed by a dot.
pub(crate) struct Labels {
    octets: [u8; Self::MOST],
    length: usize,
}

impl Labels {
    /// 32 nibbles, each followed by a dot, and `ip6.arpa.`.
    const MOST: usize = 73;

    /// Adds labels of a zone.
    pub(crate) fn push_labels(&mut self, labels: &str) {
        labels.bytes().for_each(|octet| self.push(octet));
    }

    fn push(&mut self, octet: u8) {
        if let Some(place) = self.octets.get_mut(self.length) {
            *place = octet;
            self.length += 1;
        }
    }

    /// The number of octets.
    pub(crate) fn len(&self) -> usize {
        self.length
    }

    pub(crate) fn as_str(&self) -> &str {
        self.octets.get(..self.length).and_then(|octets| std::str::from_utf8(octets).ok()).unwrap_or_default()
    }
}

/// IPv4 ranges whose entry in the IANA registry says "Globally Reachable: False" (RFC 6890, RFC 8190), and multicast.
const SPECIAL_V4: [Ipv4Net; 13] = [
    v4(0, 0, 0, 0, 8),
    v4(10, 0, 0, 0, 8),
    v4(100, 64, 0, 0, 10),
    v4(127, 0, 0, 0, 8),
    v4(169, 254, 0, 0, 16),
    v4(172, 16, 0, 0, 12),
    v4(192, 0, 0, 0, 24),
    v4(192, 0, 2, 0, 24),
    v4(192, 168, 0, 0, 16),
    v4(198, 18, 0, 0, 15),
    v4(198, 51, 100, 0, 24),
    v4(203, 0, 113, 0, 24),
    v4(224, 0, 0, 0, 3),
];

/// The same for IPv6. `3fff::/20` is from RFC 9637, `5f00::/16` from RFC 9602. Teredo (2001::/32) lies in 2001::/23;
/// like the rest of that range, it does not carry the mail of other hosts.
const SPECIAL_V6: [Ipv6Net; 10] = [
    v6([0, 0, 0, 0, 0, 0, 0, 0], 127), // :: and ::1
    v6([0x64, 0xff9b, 1, 0, 0, 0, 0, 0], 48),
    v6([0x100, 0, 0, 0, 0, 0, 0, 0], 64),
    v6([0x2001, 0, 0, 0, 0, 0, 0, 0], 23),
    v6([0x2001, 0xdb8, 0, 0, 0, 0, 0, 0], 32),
    v6([0x3fff, 0, 0, 0, 0, 0, 0, 0], 20),
    v6([0x5f00, 0, 0, 0, 0, 0, 0, 0], 16),
    v6([0xfc00, 0, 0, 0, 0, 0, 0, 0], 7),
    v6([0xfe80, 0, 0, 0, 0, 0, 0, 0], 10),
    v6([0xff00, 0, 0, 0, 0, 0, 0, 0], 8),
];

/// Teredo (RFC 4380 §2.6).
const TEREDO: Ipv6Net = v6([0x2001, 0, 0, 0, 0, 0, 0, 0], 32);

const fn v4(a: u8, b: u8, c: u8, d: u8, length: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), length)
}

const fn v6(s: [u16; 8], length: u8) -> Ipv6Net {
    let [a, b, c, d, e, f, g, h] = s;
    Ipv6Net::new_assert(Ipv6Addr::new(a, b, c, d, e, f, g, h), length)
}

/// Is this a special-purpose address, about which no public list has data (RFC 6890, RFC 8190)?
///
/// 6to4 anycast (192.88.99.0/24) and 64:ff9b::/96 are globally reachable, so the answer for them is no.
///
/// ```
/// assert!(rdnsbl::is_special_purpose("10.1.2.3".parse().unwrap()));
/// assert!(rdnsbl::is_special_purpose("::ffff:127.0.0.1".parse().unwrap()));
/// assert!(!rdnsbl::is_special_purpose("9.9.9.9".parse().unwrap()));
/// ```
#[must_use]
pub fn is_special_purpose(address: IpAddr) -> bool {
    // For speed: the first octet or group of nearly every client address excludes all of these ranges.
    match address.to_canonical() {
        IpAddr::V4(address) => {
            let [first, ..] = address.octets();
            matches!(first, 0 | 10 | 100 | 127 | 169 | 172 | 192 | 198 | 203 | 224..)
                && SPECIAL_V4.iter().any(|net| net.contains(&address))
        }
        IpAddr::V6(address) => {
            let [first, ..] = address.segments();
            matches!(first, 0..=0x100 | 0x2001 | 0x3fff..) && SPECIAL_V6.iter().any(|net| net.contains(&address))
        }
    }
}

/// Is this an address of a private network, of a network behind a provider's NAT, or of a single link (RFC 6890)?
pub(crate) fn is_private(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => {
            address.is_private() || address.is_link_local() || v4(100, 64, 0, 0, 10).contains(&address)
        }
        IpAddr::V6(address) => address.is_unique_local() || address.is_unicast_link_local(),
    }
}

/// Is it impossible to deliver mail from the Internet to this address: unspecified, loopback, private, link-local,
/// multicast or reserved? Narrower than [`is_special_purpose`]: ranges for documentation and benchmarks are not
/// included, because tests of mail systems use them in place of public addresses.
///
/// An IPv6 address that contains an IPv4 address is judged by that IPv4 address ([`embedded_v4`]). Teredo (RFC 4380
/// §4) gives an address to one client behind a NAT; no mail host uses one. ISATAP (RFC 5214 §6.1) is an interface
/// identifier below an ordinary prefix, so only the prefix is judged.
pub(crate) fn is_bogus_mail_host(address: IpAddr) -> bool {
    match embedded_v4(address.to_canonical()) {
        IpAddr::V4(address) => {
            let [first, ..] = address.octets();
            first == 0 || first >= 224 || address.is_loopback() || address.is_private() || address.is_link_local()
        }
        IpAddr::V6(address) => {
            address.is_unspecified()
                || address.is_loopback()
                || address.is_unique_local()
                || address.is_unicast_link_local()
                || address.is_multicast()
                || TEREDO.contains(&address)
        }
    }
}

/// The IPv4 address to which packets for an IPv6 address are sent: the last 32 bits of 64:ff9b::/96 (NAT64, RFC 6052
/// §2.1), or the bits after 2002::/16 (6to4, RFC 3056 §2). Any other address is returned unchanged.
fn embedded_v4(address: IpAddr) -> IpAddr {
    let IpAddr::V6(inner) = address else { return address };
    match inner.octets() {
        [0x00, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0, a, b, c, d] | [0x20, 0x02, a, b, c, d, ..] => {
            Ipv4Addr::new(a, b, c, d).into()
        }
        _ => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_octet_rules_nothing_out_that_is_special() {
        for net in SPECIAL_V4 {
            assert!(
                [net.network(), net.broadcast()].into_iter().all(|address| is_special_purpose(address.into())),
                "{net}"
            );
        }
        for net in SPECIAL_V6 {
            assert!(
                [net.network(), net.broadcast()].into_iter().all(|address| is_special_purpose(address.into())),
                "{net}"
            );
        }
        for first in 0..=255 {
            let address = Ipv4Addr::new(first, 1, 2, 3);
            assert_eq!(
                is_special_purpose(address.into()),
                SPECIAL_V4.iter().any(|net| net.contains(&address)),
                "{address}"
            );
        }
    }

    #[test]
    fn every_octet_is_written_as_the_formatter_would() {
        for octet in 0..=255_u8 {
            let wanted = format!("{octet}.0.0.127.");
            assert_eq!(reversed_labels(Ipv4Addr::new(127, 0, 0, octet).into()).as_str(), wanted);
            let segment = u16::from(octet);
            let wanted = format!("{:x}.{:x}.", octet & 0xf, octet >> 4) + &"0.".repeat(30);
            assert_eq!(reversed_labels(Ipv6Addr::new(0, 0, 0, 0, 0, 0, 0, segment).into()).as_str(), wanted);
        }
    }

    #[test]
    fn special_purpose() {
        for special in [
            "0.0.0.0",
            "10.0.0.1",
            "100.64.0.1",
            "127.0.0.2",
            "169.254.9.9",
            "172.31.255.255",
            "192.0.0.8",
            "192.0.2.1",
            "192.168.1.1",
            "198.19.0.1",
            "198.51.100.1",
            "203.0.113.14",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "100::1",
            "2001::1",
            "2001:db8::1",
            "2001:10::1",
            "3fff::1",
            "5f00::1",
            "fc00::1",
            "fe80::1",
            "ff02::1",
            "::ffff:10.0.0.1",
        ] {
            assert!(is_special_purpose(special.parse().unwrap()), "{special}");
        }
        for public in [
            "9.9.9.9",
            "100.128.0.1",
            "172.32.0.1",
            "192.88.99.1",
            "64:ff9b::808:808",
            "2001:4860::1",
            "::ffff:9.9.9.9",
            "::192.0.2.99",
        ] {
            assert!(!is_special_purpose(public.parse().unwrap()), "{public}");
        }
    }

    #[test]
    fn bogus_mail_hosts() {
        for bogus in [
            "127.0.0.1",
            "10.1.1.1",
            "0.0.0.0",
            "0.1.2.3",
            "192.168.0.1",
            "169.254.1.1",
            "224.0.0.5",
            "255.255.255.255",
            "::",
            "::1",
            "fe80::1",
            "fd00::1",
            "ff02::1",
            "::ffff:127.0.0.1",
            "64:ff9b::10.0.0.1",
            "64:ff9b::127.0.0.1",
            "64:ff9b::",
            "64:ff9b::255.255.255.255",
            "2002:a00:1::25",
            "2002:7f00:1::1",
            "2002::",
            "2002:c0a8:101:1::1",
            "2001::1",
            "2001:0:4136:e378:8000:63bf:3fff:fdd2",
            "fe80::5efe:203.0.113.25",
        ] {
            assert!(is_bogus_mail_host(bogus.parse().unwrap()), "{bogus}");
        }
        for usable in [
            "203.0.113.25",
            "192.0.2.1",
            "9.9.9.9",
            "2001:db8::25",
            "64:ff9b::203.0.113.25",
            "64:ff9b::1:0:10.0.0.1",
            "2002:cb00:7119::25",
            "2001:1::25",
            "2001:db8::5efe:10.0.0.1",
            "2001:db8::200:5efe:10.0.0.1",
        ] {
            assert!(!is_bogus_mail_host(usable.parse().unwrap()), "{usable}");
        }
    }
}
