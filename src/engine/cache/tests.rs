use std::net::Ipv4Addr;

use super::*;
use crate::dns::{Record, RecordType, Soa};

const BOUNDS: Bounds = Bounds { entries: 100, bytes: 64 * 1024, failure: Duration::from_secs(5) };

fn name(text: &str) -> Name {
    Name::parse(text).unwrap()
}

fn cache_now(bounds: Bounds) -> (Cache, Instant) {
    let now = Instant::now();
    (Cache::new(bounds, now), now)
}

impl Cache {
    /// Caches one zone's answer.
    pub(crate) fn insert_list(
        &self,
        subject: &Subject,
        client: Option<u32>,
        number: ZoneNumber,
        answer: &Answer,
        now: Instant,
    ) {
        self.insert_lists(subject, client, std::iter::once((number, answer)), now);
    }
}

fn insert_list(cache: &Cache, subject: &Subject, zone: &str, answer: &Answer, now: Instant) {
    cache.insert_list(subject, None, cache.number(&name(zone)).unwrap(), answer, now);
}

fn get_list(cache: &Cache, subject: &Subject, zone: &str, now: Instant) -> Option<Answer> {
    cache.get_list(subject, &name(zone), numbered(cache, zone), now)
}

fn numbered(cache: &Cache, zone: &str) -> (ZoneNumber, Edition) {
    let edition = cache.begin_edition();
    (cache.number(&name(zone)).unwrap(), edition)
}

fn client(number: u32) -> Subject {
    Subject::Client(Ipv4Addr::from(number).into())
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn no(ttl: u64) -> Answer {
    Answer::nx_domain(Some(Soa::new(name("example"), seconds(ttl))))
}

#[test]
fn answers_live_as_long_as_dns_says() {
    let (cache, now) = cache_now(BOUNDS);
    let question = Question::new(name("mail.example"), RecordType::A);
    let answer = Answer::records([Record::A(Ipv4Addr::LOCALHOST)], seconds(60));
    cache.insert(&question, &answer, now, cache.epoch());
    assert_eq!(cache.get(&question, now + seconds(20)).unwrap().ttl(), Some(seconds(40)));
    assert!(cache.get(&question, now + seconds(59)).is_some());
    assert!(cache.get(&question, now + seconds(60)).is_none());
    assert_eq!(cache.len(), 0, "an expired answer is removed when it is looked up");
    cache.insert(&question, &no(30), now, cache.epoch());
    assert!(cache.get(&question, now + seconds(29)).is_some());
    assert!(cache.get(&question, now + seconds(30)).is_none());
}

#[test]
fn what_must_not_be_cached() {
    let (cache, now) = cache_now(BOUNDS);
    let question = Question::new(name("mail.example"), RecordType::A);
    for answer in [
        Answer::nx_domain(None), // RFC 2308 §5: no SOA, no lifetime
        Answer::no_data(None),
        no(0),
        Answer::records([Record::A(Ipv4Addr::LOCALHOST)], Duration::ZERO),
        Answer::failed(Failure::Deadline),
        Answer::failed(Failure::Shed),
        Answer::failed(Failure::Overload),
    ] {
        cache.insert(&question, &answer, now, cache.epoch());
        insert_list(&cache, &client(1), "bl.example", &answer, now);
        assert_eq!(cache.len(), 0, "{answer}");
    }
    let cut = Answer::records((0..1_000).map(|code| Record::A(Ipv4Addr::from(0x7f00_0000 + code))), seconds(60));
    insert_list(&cache, &client(1), "bl.example", &cut, now);
    assert_eq!(cache.len(), 0, "the mark of truncation would be lost");
    cache.insert(&question, &Answer::failed(Failure::ServFail), now, cache.epoch()); // RFC 9520
    assert!(cache.get(&question, now + seconds(4)).is_some());
    assert!(cache.get(&question, now + seconds(5)).is_none());
}

#[test]
fn one_record_holds_all_zones_of_a_subject() {
    let (cache, now) = cache_now(BOUNDS);
    let codes = Answer::records([2, 4].map(|last| Record::A(Ipv4Addr::new(127, 0, 0, last))), seconds(60));
    insert_list(&cache, &client(1), "a.example", &codes, now);
    insert_list(&cache, &client(1), "b.example", &no(300), now);
    assert_eq!(cache.len(), 1);
    let cached = get_list(&cache, &client(1), "a.example", now).unwrap();
    assert_eq!(cached, codes);
    assert!(matches!(get_list(&cache, &client(1), "b.example", now).unwrap().kind(), AnswerKind::NxDomain(_)));
    assert!(get_list(&cache, &client(1), "c.example", now).is_none());
    assert!(get_list(&cache, &client(2), "a.example", now).is_none());
    assert!(get_list(&cache, &client(1), "a.example", now + seconds(60)).is_none());
    let zones = ["a.example", "b.example", "c.example"].map(name);
    let numbers = zones.each_ref().map(|zone| Some(numbered(&cache, &zone.to_string())));
    for (subject, expected) in [(1, 2), (2, 0)] {
        let mut known = Vec::new();
        let numbered = zones.iter().zip(numbers).map(|(zone, number)| (zone, zone, number));
        let without_number = (&zones[0], &zones[0], None);
        let found = |zone, answer| known.push((zone, answer));
        cache.get_lists(&client(subject), numbered.chain([without_number]), now, found);
        assert!(known.iter().map(|(zone, _)| *zone).eq(zones.iter().take(expected)));
        for (zone, answer) in known {
            assert_eq!(get_list(&cache, &client(subject), &zone.to_string(), now), Some(answer));
        }
    }
}

#[test]
fn invalidating_a_zone_drops_its_answers_alone() {
    let (cache, now) = cache_now(BOUNDS);
    for zone in ["a.example", "b.example"] {
        insert_list(&cache, &client(1), zone, &no(300), now);
    }
    cache.invalidate(&name("a.example"));
    assert!(get_list(&cache, &client(1), "a.example", now).is_none());
    assert!(get_list(&cache, &client(1), "b.example", now).is_some());
    insert_list(&cache, &client(1), "a.example", &no(300), now);
    assert!(get_list(&cache, &client(1), "a.example", now).is_some());
}

/// The fast path looks zone numbers up once. After everything is invalidated, other zones get these numbers.
#[test]
fn numbers_of_an_ended_edition_find_nothing() {
    let (cache, now) = cache_now(BOUNDS);
    let address = IpAddr::from([45, 66, 77, 7]);
    let answer = |zone: &str| {
        insert_list(&cache, &address.into(), zone, &no(300), now);
        cache.insert_verdict(&address.into(), None, CachedVerdict(0), seconds(60), now, cache.epoch());
    };
    answer("a.example");
    let (edition, number) = (cache.begin_edition(), cache.number(&name("a.example")).unwrap().value());
    let get = |edition| cache.get_client(address, edition, [number].into_iter(), cache.tick(now), Some);
    assert_eq!(get(edition), Some(CachedVerdict(0)));
    cache.invalidate_all();
    answer("b.example");
    assert_eq!(cache.number(&name("b.example")).unwrap().value(), number, "given out again");
    assert_eq!(get(edition), None);
    assert_eq!(get(cache.begin_edition()), Some(CachedVerdict(0)));
}

/// A question that waits for a permit holds a number that may be old.
#[test]
fn an_old_number_finds_no_answer() {
    let (cache, now) = cache_now(BOUNDS);
    let (a, hit) =
        (numbered(&cache, "a.example"), Answer::records([Record::A(Ipv4Addr::new(127, 0, 0, 2))], seconds(60)));
    cache.invalidate_all();
    let b = numbered(&cache, "b.example");
    assert_eq!(a.0.value(), b.0.value(), "given out again");
    insert_list(&cache, &client(1), "b.example", &hit, now);
    assert!(cache.get_list(&client(1), &name("b.example"), b, now).is_some());
    assert_eq!(cache.get_list(&client(1), &name("a.example"), a, now), None);
    cache.invalidate(&name("b.example"));
    assert_eq!(cache.get_list(&client(1), &name("b.example"), b, now), None, "from before its list broke");
}

#[test]
fn a_flood_of_one_kind_leaves_the_others_alone() {
    let (cache, now) = cache_now(BOUNDS);
    insert_list(&cache, &client(1), "bl.example", &no(300), now);
    cache.insert(&Question::new(name("mail.example"), RecordType::Mx), &no(300), now, cache.epoch());
    for number in 0..10_000 {
        let reverse = Name::reverse_of(Ipv4Addr::from(number).into());
        cache.insert(&Question::new(reverse, RecordType::Ptr), &no(300), now, cache.epoch());
    }
    assert!(get_list(&cache, &client(1), "bl.example", now).is_some());
    assert!(cache.get(&Question::new(name("mail.example"), RecordType::Mx), now).is_some());
    assert!(cache.len() <= 102 && cache.bytes() <= 3 * BOUNDS.bytes);
}

#[test]
fn bounded_in_bytes() {
    let (cache, now) = cache_now(Bounds { entries: 1_000_000, ..BOUNDS });
    for number in 0..5_000_u32 {
        let codes = (0..100_u8).map(|last| Record::A(Ipv4Addr::new(127, 0, 0, last)));
        insert_list(&cache, &client(number), "bl.example", &Answer::records(codes, seconds(60)), now);
    }
    assert!(cache.bytes() <= BOUNDS.bytes);
    assert!(cache.len() > 10);
}

/// Answers that came together: those that may be cached are, each under its own zone.
#[test]
fn many_lists_at_once() {
    let (cache, now) = cache_now(BOUNDS);
    let number = |zone: &str| cache.number(&name(zone)).unwrap();
    let (old, codes) = (number("old.example"), Answer::records([Record::A(Ipv4Addr::new(127, 0, 0, 2))], seconds(60)));
    cache.invalidate(&name("old.example"));
    let no = no(300);
    let together = [(number("a.example"), &codes), (old, &codes), (number("b.example"), &no)];
    cache.insert_lists(&client(1), None, together.into_iter(), now);
    assert_eq!(get_list(&cache, &client(1), "a.example", now).as_ref(), Some(&codes));
    assert!(get_list(&cache, &client(1), "b.example", now).is_some_and(|answer| answer.is_no()));
    assert_eq!((get_list(&cache, &client(1), "old.example", now), cache.len()), (None, 1));
    let failed = Answer::failed(Failure::Deadline);
    let none = [(old, &codes), (number("a.example"), &failed)];
    cache.insert_lists(&client(2), None, none.into_iter(), now);
    assert_eq!(cache.len(), 1, "nothing was put into a record of the second client");
}
