//! The fuzz target for responses: apart from the others, since it needs the feature `wire`.

use rdnsbl::dns::{Question, RecordType};
use rdnsbl::name::Name;
use rdnsbl::resolve::wire::{Query, Received};

/// Octets from a server: alone, and behind an id and a question that fit. Whatever they are, the question ends soon.
pub(crate) fn response(octets: &[u8]) {
    for record_type in [RecordType::A, RecordType::Ptr, RecordType::Mx, RecordType::Txt, RecordType::Soa] {
        let name = Name::parse("x.test").expect("a name");
        let mut query = Query::new(&Question::new(name, record_type)).expect("random octets").with_id(7);
        let _ = (query.read_udp(octets), query.read_tcp(octets));
        let mut steps = 0;
        while let Received::AskNext(next) = query.read_tcp(&fitting(&query, octets)) {
            query = next;
            steps += 1;
        }
        assert!(steps <= 17);
    }
}

/// The query's id, these flags and counts, the query's question, and the rest.
fn fitting(query: &Query, octets: &[u8]) -> Vec<u8> {
    let (header, rest) = octets.split_first_chunk().unwrap_or((&[0x81, 0x80, 0, 0, 0, 0, 0, 0], octets));
    let [first, second, _, answers, _, authorities, _, additional] = *header;
    let mut response = query.octets().to_vec();
    let opt = usize::from(response[11]) * 11;
    response.truncate(response.len() - opt);
    response[2..12].copy_from_slice(&[first, second, 0, 1, 0, answers, 0, authorities, 0, additional]);
    response.extend_from_slice(rest);
    response
}
