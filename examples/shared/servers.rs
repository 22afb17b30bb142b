//! Which servers are asked, and where their addresses come from.

use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use rdnsbl::resolve::{Direct, ResolverError, ServersOrigin, Timeouts};

use crate::print_error;

/// The default budget of a target.
pub(crate) const DEFAULT_TIMEOUT: Duration = Duration::from_secs(5);
/// The longest time before a question is sent again for the first time.
const MAX_RESEND: Duration = Duration::from_millis(400);

/// The servers that are asked.
pub(crate) struct Servers {
    direct: Direct,
    from: &'static str,
}

impl Servers {
    /// The given servers, or those of the system. A fallback is reported.
    pub(crate) fn find(given: &[SocketAddr], budget: Duration) -> Result<Self, ResolverError> {
        if !given.is_empty() {
            return Ok(Self::new(Direct::servers(given.iter().copied())?, "--resolver", budget));
        }
        let (direct, from) = match Direct::system() {
            Ok(direct) if direct.origin() == ServersOrigin::ResolvConfEmpty => {
                print_error("/etc/resolv.conf names no server; asking 127.0.0.1, as the C library does");
                (direct, "default")
            }
            Ok(direct) => (direct, "/etc/resolv.conf"),
            Err(error) => {
                print_error(&format!("{error}; asking 127.0.0.1, as the C library does"));
                (Direct::servers([SocketAddr::from((Ipv4Addr::LOCALHOST, 53))])?, "default")
            }
        };
        Ok(Self::new(direct, from, budget))
    }

    /// The server of `--demo`.
    pub(crate) fn demo(address: SocketAddr, budget: Duration) -> Result<Self, ResolverError> {
        Ok(Self::new(Direct::servers([address])?, "--demo", budget))
    }

    /// A single question may take four fifths of the budget. So a server that does not answer is noticed before the time is
    /// up, and follow-up questions have time left.
    fn new(direct: Direct, from: &'static str, budget: Duration) -> Self {
        let total = budget / 5 * 4;
        let timeouts = Timeouts::default().with_total(total).with_resend(MAX_RESEND.min(total / 4));
        Self { direct: direct.with_timeouts(timeouts), from }
    }

    pub(crate) fn direct(&self) -> &Direct {
        &self.direct
    }
}

/// Addresses in their order, and where they come from.
impl fmt::Display for Servers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let addresses: Vec<String> = self.direct.server_addresses().iter().map(ToString::to_string).collect();
        write!(f, "{} ({})", addresses.join(", then "), self.from)
    }
}
