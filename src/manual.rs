//! The manual: list notations, replies, embedding, limits and defaults, keys in logs, and what has gone wrong with lists in
//! the past. It has nothing to call.
//!
//! # List notations
//!
//! | notation | for example |
//! |---|---|
//! | Postfix | `reject_rbl_client zen.example=127.0.0.[2..11]`, `reject_rhsbl_sender dbl.example`, `permit_dnswl_client wl.example` |
//! | postscreen | `zen.example=127.0.0.[2..11]*3, wl.example*-2` |
//! | Exim | `zen.example!=127.0.0.10,127.0.0.11 : +defer_unknown : dbl.example/$sender_helo_name` |
//! | sendmail | ``FEATURE(`enhdnsbl', `zen.example', `', `t', `127.0.0.2.')`` |
//! | SpamAssassin | `check_rbl('zen', 'zen.example.', '^127\.0\.0\.[2-8]$')` |
//! | rspamd | `zen { rbl = "zen.example"; checks = ["from"]; returncodes { XBL = ["127.0.0.4", "127.0.0.[5-7]"]; } }` |
//!
//! [`ListSetBuilder::read`](crate::lists::ListSetBuilder::read) and `check --list` read all of them, several lists at a time.
//! Whole parameters of `main.cf` and whole statements of an Exim ACL may be pasted, too: parts that query no list are left out
//! and reported. [`Notation::print`](crate::Notation::print) writes a list in another notation, if that notation can express
//! it. Configuration files are not opened, and a macro in place of a list domain is rejected unless the pasted text defines it.
//! What SpamAssassin asks about relays in `Received` lines is rejected: only the client is checked here.
//!
//! * A filter on return codes is an equality, a range, a mask or a set. Any, all, none or not all of the codes must match. An
//!   answer outside 127.0.0.0/8 never matches.
//! * A list is queried about the client's address, its confirmed or published names, HELO, the sender, the recipient, or
//!   subjects that the configuration names.
//! * Per list you choose what happens if it does not answer: ignore it, defer the mail, turn a rejection into a deferral, or
//!   treat it as a hit.
//! * [`ListSet::findings`](crate::ListSet::findings), and `check` on standard error, report what is wrong with a set: lists that
//!   have closed, are misspelled or named twice, count twice because one contains the other, or could share one query.
//!   `.merge(Merge::WhereCodesTell)` makes that one query and keeps the lines: `zen` in place of `sbl`, `xbl` and `pbl`.
//! * One operator is one voice: with `min_operators`, lists of several operators must agree, whatever their weights.
//!
//! # From facts to a reply
//!
//! | preset | listed | reverse DNS fails | sender's domain does not exist | sender's domain does not answer |
//! |---|---|---|---|---|
//! | `rfc` (default) | 550 5.7.1 | nothing: local policy | 550 5.1.8 | 451 4.4.3 |
//! | `postfix` | 554 5.7.1 ... blocked using | 450 4.7.25 cannot find your hostname | 450 4.1.8 Domain not found | 450 4.1.8 |
//! | `sendmail` | 550 5.7.1 Rejected | 550 5.7.1 Fix reverse DNS, 451 4.1.8 Possibly forged | 553 5.1.8 does not exist | 451 4.1.8 |
//! | `observe` | nothing | nothing | nothing | nothing |
//!
//! `Policy::postfix().strict()` also rejects where reverse DNS fails. [`Policy::on`](crate::Policy::on) changes one line: a rule
//! is an action, or a reply line with Postfix's variables, such as
//! `450 4.7.1 Access denied. Cannot resolve PTR record for $client`. `println!("{policy}")` shows the whole table. With feature
//! `serde` a policy is a map that can be part of a configuration. A list may have its own reply text. Text from a list or a
//! client is data: it cannot change a reply code, add a line or expand a variable.
//!
//! A report becomes an SMTP reply (`advice().reply()`), an action for Postfix's policy protocol
//! (`advice().postfix_action()`), fields of Authentication-Results ([`authres`](crate::report::authres)), one log line of a
//! fixed form (`log_line()`), JSON, or a table for people.
//!
//! # Embedding
//!
//! * **A session for each connection.** `checker.session(client)` takes HELO, MAIL and RCPT as they come, advises at each stage,
//!   and asks nothing twice: see [`Session`](crate::Session).
//! * **One deadline.** `checker.check(dialogue).within(duration)` or `.until(instant)`. At that time the report is ready, with
//!   what is known; what is missing is `Unknown`, and `completeness()` says that the check was cut short.
//! * **Most clients were here a moment ago.** `checker.check(dialogue).summary()` returns action, score, counts and findings
//!   without a report. Where everything is cached and no list holds the client, it is ready at once;
//!   `checker.remembered(&dialogue)` is that part alone, a plain function.
//! * **Cancel at any point.** Drop the future. Other checks that wait for the same answer still get it; nothing keeps running.
//! * **Many tenants.** `checker.with_lists(set)` and `.with_policy(policy)` are cheap and share the cache, the proofs and the
//!   questions in flight. Answers are cached per zone as queried; filters and profiles apply when they are read. Give lists with
//!   keys a `label` where two tenants hold keys for one zone.
//! * **Many servers.** They share a caching resolver, not a cache: `docs/fleet.md` is a recipe with unbound and rbldnsd.
//! * **Reload.** `checker.reload(settings)` changes the checker and all its clones; cache, proofs and a running `watch` stay.
//!   `docs/settings.toml` shows the settings as a configuration file.
//! * **Numbers.** `checker.stats()` and `checker.list_stats()`: counters and latencies whose names fit Prometheus.
//! * **Monitoring lists.** `checker.probe().await` probes now; `checker.clone().watch(every)` is a future that you spawn and
//!   abort; `checker.events()` reports changes.
//! * **An event loop of your own.** With `default-features = false` there is no runtime and no resolver: implement
//!   [`Resolve`](crate::Resolve) and [`Clock`](crate::Clock), or drive an [`Inquiry`](crate::Inquiry). With the feature `wire`,
//!   `resolve::wire` writes the questions and reads the responses; `testing::check_resolver` tests the result.
//! * **Tests without DNS.** Feature `test-util`: `Scripted` answers from a text, `ManualClock` moves when told to, and
//!   `Checker::builder_with(scripted, clock)` takes both. Test addresses are documentation addresses: set
//!   `.special_purpose(SpecialPurpose::Ask)`, or no list is queried about them.
//!
//! # Limits
//!
//! | what | default | where to change it |
//! |---|---|---|
//! | time of a whole check | 5 s | `CheckerBuilder::budget`, `PendingCheck::within`, `PendingCheck::until` |
//! | time of one question at the resolver | first retry after 400 ms, doubled each time; 4 s in total | `Timeouts` |
//! | age of a list's proof | 60 s; with 0 every hit is proved | `proof_window` |
//! | questions in flight | 4,096 | `Limits::in_flight` |
//! | of these, to one list | 256 | `Limits::per_zone` |
//! | of these, to one server, by `Direct` | 900, of which at most 128 may be unread by the server | `Direct::with_in_flight` |
//! | cached subjects, and cached answers of each other kind | 16,384 | `Limits::entries` |
//! | bytes of each of these seven stores, roughly | 16 MiB | `Limits::bytes` |
//! | life of a cached answer | its TTL, at most 1 day; a list's at most 4.5 hours; a negative answer's by its SOA record, at most 3 hours | |
//! | life of a cached failure | 5 s; at most 5 minutes | `Limits::failure_ttl` |
//! | names of a client, mail exchangers of a domain | 10 each; `truncated` says if there were more | |
//! | addresses reported per host | 8 | |
//! | links of a CNAME chain | 16 | |
//! | text of a list | 500 octets, printable ASCII, one line | |
//! | records of an answer | 100 | |
//! | lists in a set | 1,000 | |
//! | questions a day to one list | no limit | `ListSpec::with_daily_limit` |
//! | operators that must agree | 1 | `ListSetBuilder::min_operators` |
//! | a reply template | 2,000 octets; a reply line stays below 512 | |
//!
//! A clean client on 12 lists with a sender's domain takes 16 questions: 12 lists, PTR, its address, MX, its address. At its
//! first use, a list with a documented test entry is asked for that entry, too.
//!
//! # Keys in logs
//!
//! Zones of commercial lists hold a secret label. `Display`, `Debug`, errors, JSON, replies and the `tracing` events of this
//! crate (target `rdnsbl`) show the zone without it. The libraries below do not know about it: **hickory logs whole query names
//! at DEBUG**. Switch off the targets `hickory_net`, `hickory_proto` and `hickory_resolver` wherever you log at that level.
//!
//! A label of letters and digits that looks like a key is hidden in unknown zones, too: `KEY.zen.dq.spamhaus.org` is a mistake
//! that has been shipped. Within a set, lists that differ only in their keys are numbered. A resolver of your own sends
//! `question.name.expose()`; the text that is shown, `14.113.0.203.(key)..bl.example`, is not a name, and parsers reject it.
//!
//! # What has gone wrong in the past
//!
//! | what happened | in DNS | here |
//! |---|---|---|
//! | Osirusoft (August 2003), ORDB (March 2008), AHBL (January 2015) closed and listed everyone, so that their users would notice | a wildcard in 127.0.0.0/8 | a hit asks for two entries that no working list holds; if both exist: [`ListsEverything`](crate::dnsxl::ProblemKind::ListsEverything) |
//! | `*.blackholes.us` (October 2009): the addresses of its name servers got a new owner, who answered yes to everything | the same | the same; the administrator sees the text THIS RBL HAS LONG BEEN DEPRICATED |
//! | SpamCop (30 January 2021): the domain lapsed for a day, and a registrar answered every name | addresses outside 127.0.0.0/8, or inside | one record outside is enough ([`Outside127`](crate::dnsxl::ProblemKind::Outside127)); what was cached on the bad day is discarded when the list recovers |
//! | Spamhaus and others answer "you may not ask" through public resolvers; much software counted it as a listing | 127.255.255.252, .254, .255 | never a listing, whatever a filter says ([`Refused`](crate::dnsxl::ProblemKind::Refused)); the report says what to do |
//! | dnswl.org answers "highest trust" to everyone over quota; filters that trust it let all spam in | 127.0.10.3 for every address | an allow list needs the same proof as a deny list |
//! | SURBL and URIBL refuse by 127.0.0.1, which elsewhere is a listing or a recommendation | 127.0.0.1 alone | no listing unless a filter or a profile names it ([`Ambiguous`](crate::dnsxl::ProblemKind::Ambiguous)) |
//! | A router's protection against DNS rebinding removes answers in 127.0.0.0/8: no list ever lists | NOERROR without records | entries that must exist are asked for once, at first use; if they are missing, "not listed" becomes [`Unknown`](crate::Verdict::Unknown) and the resolver is [at fault](crate::report::ResolverFault::Strips127) |
//! | A provider answers for names that do not exist: every list lists, every sender exists | addresses of a web server | random names are tried; [one fault](crate::report::ResolverFault::RewritesNxdomain) instead of twelve dead lists |
//! | SORBS (June 2024), NiX Spam (January 2025) were emptied | the test entry is gone | [`Emptied`](crate::dnsxl::Health::Emptied): reported, and harmless |
//! | A list stopped answering and held every message for half a minute | silence | one deadline for everything; after five timeouts, while others answer, the list is left out, and tried again after 10 seconds to 10 minutes |
//! | A resolver had a bad minute, and all mail was rejected, or all was let in | SERVFAIL, timeouts | "could not tell" is a verdict; the policy decides what follows, and never a permanent rejection |
//!
//! **Known limit.** A list that starts to list everyone is still believed until its last proof expires, up to 60 seconds, for
//! clients it did not list before. If its wildcard covers numbers only, so that random labels stay absent, a cached negative
//! answer for 127.0.0.1 can hide the fault for the list's negative TTL and 60 seconds more. Tests measure both bounds. A
//! resolver that starts to remove 127.0.0.0/8 while it is in use is noticed only by [`Checker::probe`](crate::Checker::probe)
//! and [`Checker::watch`](crate::Checker::watch), because nothing shows but negative answers. A resolver that answers NXDOMAIN to
//! everything is believed: in a closed network that is the truth. Its clients then have no name and its senders do not exist.
//! Only the health of lists with a documented test entry shows it: they count as [`Emptied`](crate::dnsxl::Health::Emptied).
//!
//! # Why the defaults are what they are
//!
//! | default | why |
//! |---|---|
//! | no lists | a list inside a library outlives the list itself; which lists to use is the administrator's choice |
//! | a proof counts for 60 seconds | a busy server proves each list once a minute (2 questions), and a list's death costs a minute |
//! | 5 seconds for a check | SMTP clients wait minutes, but a server that asks at connect time holds a process while it waits |
//! | 4 seconds for one question, first retry after 0.4 s | a recursive resolver may need some seconds with a cold cache; a lost datagram shows within milliseconds |
//! | a deny list that does not answer is ignored | as Postfix does: no list is worth losing all mail |
//! | an allow list that does not answer turns a rejection into a deferral | it might have allowed the client, and the client can try again |
//! | 10 names, 10 mail exchangers | RFC 7208 §4.6.4 and RFC 8601 §3: what a stranger publishes must not cost us more |
//! | failures are cached for 5 seconds | RFC 9520 asks for one second at least; a retry of the same message comes later |
//! | no list is asked about special-purpose addresses | no public list knows them, and the question tells the list about our network |
//! | policy `rfc` | it rejects only what the RFCs ask to reject; forged or missing names are local policy |
