//! What `Direct` does by itself. Shapes of responses: `wire_shapes`.

mod forgeries;
mod many_at_once;
mod ports;
mod resends;
mod runtimes;
mod servers;
mod stopped_runtimes;

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use rdnsbl::dns::{Answer, Question, RecordType};
use rdnsbl::name::Name;
use rdnsbl::resolve::{Direct, Pacing, Resolve, Timeouts};

use crate::kit::answering::{Came, nx};

fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

fn direct(servers: &[SocketAddr]) -> Direct {
    Direct::servers(servers.iter().copied()).unwrap()
}

/// Long before a send counts as lost.
fn patient(servers: &[SocketAddr]) -> Direct {
    let timeouts = Timeouts::default().with_resend(ms(20_000)).with_total(ms(60_000));
    direct(servers).with_pacing(Pacing::Fixed).with_timeouts(timeouts)
}

fn question(number: usize) -> Question {
    Question::new(Name::parse(&format!("{number}.bl.test")).unwrap(), RecordType::A)
}

async fn ask(direct: &Direct, number: usize) -> Answer {
    direct.resolve(question(number)).await
}

fn truth(last: u8) -> Answer {
    Answer::records([Ipv4Addr::new(127, 0, 0, last).into()], Duration::from_secs(60))
}

fn always_nx(came: &Came, _: usize) -> Vec<Vec<u8>> {
    vec![nx(&came.octets)]
}
