//! Which software a file belongs to: by its name, then by its content. Comments decide nothing.

use std::path::Path;

use rdnsbl::Notation;

/// The software whose configuration a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    Postfix,
    Exim,
    Sendmail,
    SpamAssassin,
    Rspamd,
    /// Zones, with or without codes and weights.
    Plain,
    /// Software whose files are not read; only the known lists in them are looked up.
    Other(&'static str),
}

/// The words of `--as`.
pub(crate) const WORDS: [(&str, Kind); 7] = [
    ("postfix", Kind::Postfix),
    ("exim", Kind::Exim),
    ("sendmail", Kind::Sendmail),
    ("spamassassin", Kind::SpamAssassin),
    ("rspamd", Kind::Rspamd),
    ("list", Kind::Plain),
    ("other", Kind::Other("other")),
];

/// Files that are recognized by a part of their name, and are not read.
const OTHERS: [(&str, &str); 19] = [
    ("dnsbl.ini", "Haraka"),
    ("dns-list.ini", "Haraka"),
    ("dnsbl.zones", "Haraka"),
    ("policyd-weight", "policyd-weight"),
    ("maddy.conf", "maddy"),
    ("mox.conf", "mox"),
    ("spam.lists.conf", "MailScanner"),
    ("mailscanner.conf", "MailScanner"),
    ("check_rbl.ini", "check_rbl"),
    ("smtpd.conf", "OpenSMTPD"),
    ("greylist.conf", "milter-greylist"),
    ("mailserver.env", "docker-mailserver"),
    ("mailcow.conf", "mailcow"),
    ("docker-compose", "Docker Compose"),
    ("stalwart", "Stalwart"),
    ("amavis", "amavis"),
    ("50-user", "amavis"),
    ("sendmail.cf", "sendmail's compiled"),
    ("submit.cf", "sendmail's compiled"),
];

/// Endings of files that are not read.
const ENDINGS: [(&str, &str); 15] = [
    (".md", "Markdown"),
    (".html", "HTML"),
    (".py", "Python"),
    (".pl", "Perl"),
    (".php", "PHP"),
    (".rb", "Ruby"),
    (".go", "Go"),
    (".js", "JavaScript"),
    (".yml", "YAML"),
    (".yaml", "YAML"),
    (".toml", "TOML"),
    (".sh", "shell"),
    (".nix", "Nix"),
    (".lua", "Lua"),
    (".json", "JSON"),
];

/// Endings of files from which a configuration is made.
const TEMPLATES: [&str; 6] = [".j2", ".jinja", ".erb", ".epp", ".tpl", ".tmpl"];

/// Directives at the start of lines that only SpamAssassin has.
const SPAMASSASSIN: [&str; 12] = [
    "add_header ",
    "bayes_",
    "describe ",
    "dns_query_restriction ",
    "header ",
    "loadplugin ",
    "required_score ",
    "report_safe ",
    "score ",
    "skip_rbl_checks ",
    "tflags ",
    "uridnsbl",
];

/// Starts of parameters that only Postfix has.
const POSTFIX: [&str; 10] = [
    "alias_maps",
    "compatibility_level",
    "maps_rbl_domains",
    "mydestination",
    "myhostname",
    "mynetworks",
    "postscreen_",
    "queue_directory",
    "smtpd_",
    "virtual_",
];

/// Words in the content of other files that are not read.
const MARKS: [(&str, &str); 11] = [
    ("zones[]", "Haraka"),
    ("@dnsbl_score", "policyd-weight"),
    ("dnsbl {", "maddy"),
    ("check.dnsbl ", "maddy"),
    ("DNSBLs:", "mox"),
    ("filter-dnsbl", "OpenSMTPD"),
    ("[spam-filter", "Stalwart"),
    ("dnsrbl ", "milter-greylist"),
    ("kumo.", "KumoMTA"),
    ("services:", "Docker Compose"),
    ("- hosts:", "Ansible"),
];

impl Kind {
    /// The notation that reads such a file.
    pub(crate) fn notation(self) -> Option<Notation> {
        match self {
            Self::Postfix => Some(Notation::Postfix),
            Self::Exim => Some(Notation::Exim),
            Self::Sendmail => Some(Notation::Sendmail),
            Self::SpamAssassin => Some(Notation::SpamAssassin),
            Self::Rspamd => Some(Notation::Rspamd),
            Self::Plain => Some(Notation::Postscreen),
            Self::Other(_) => None,
        }
    }

    /// What it is called in messages.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Postfix => "Postfix",
            Self::Exim => "Exim",
            Self::Sendmail => "sendmail",
            Self::SpamAssassin => "SpamAssassin",
            Self::Rspamd => "rspamd",
            Self::Plain => "a list of zones",
            Self::Other(name) => name,
        }
    }

    /// The kind of a file, by its name, then by its content.
    pub(crate) fn detect(path: Option<&Path>, text: &str) -> Self {
        path.and_then(by_name).unwrap_or_else(|| by_content(text))
    }
}

fn by_name(path: &Path) -> Option<Kind> {
    let name = path.file_name()?.to_string_lossy().to_ascii_lowercase();
    let folders = path.parent().map(|folder| folder.to_string_lossy().to_ascii_lowercase()).unwrap_or_default();
    if TEMPLATES.iter().any(|ending| name.ends_with(ending)) {
        return Some(Kind::Other("template"));
    }
    if name.starts_with("main.cf") || name.starts_with("master.cf") {
        return Some(Kind::Postfix);
    }
    if let Some((_, other)) = OTHERS.iter().find(|(part, _)| name.contains(part)) {
        return Some(Kind::Other(other));
    }
    if name.ends_with(".mc") {
        return Some(Kind::Sendmail);
    }
    if let Some((_, other)) = ENDINGS.iter().find(|(ending, _)| name.ends_with(ending)) {
        return Some(Kind::Other(other));
    }
    if name == "local.cf" || (name.ends_with(".cf") && folders.ends_with("spamassassin")) {
        return Some(Kind::SpamAssassin);
    }
    if name.starts_with("exim") || folders.contains("exim") {
        return Some(Kind::Exim);
    }
    (name == "rbl.conf" || folders.contains("rspamd")).then_some(Kind::Rspamd)
}

fn by_content(text: &str) -> Kind {
    if let Some(first) = text.lines().next().filter(|line| line.starts_with("#!")) {
        return Kind::Other(if first.contains("sh") { "shell" } else { "script" });
    }
    let is_comment = |line: &&str| line.is_empty() || line.starts_with(['#', ';']) || line.starts_with("dnl");
    let lines = || text.lines().map(str::trim).filter(|line| !is_comment(line));
    let starts = |words: &[&str]| lines().any(|line| words.iter().any(|word| line.starts_with(word)));
    if let Some((_, other)) = MARKS.iter().find(|(mark, _)| starts(&[mark])) {
        return Kind::Other(other);
    }
    if starts(&["FEATURE(", "MAILER(", "OSTYPE(", "VERSIONID("]) {
        return Kind::Sendmail;
    }
    if starts(&POSTFIX) || lines().any(is_service) {
        return Kind::Postfix;
    }
    if lines().any(|line| line.contains("dnslists") || line == "begin acl" || line.starts_with("acl_smtp_")) {
        return Kind::Exim;
    }
    let blanks_alike = |line: &str| line.replace('\t', " ");
    if lines().map(blanks_alike).any(|line| SPAMASSASSIN.iter().any(|word| line.starts_with(word))) {
        return Kind::SpamAssassin;
    }
    if lines().next().is_some() && lines().take(MAX_LINES).all(is_zone) {
        return Kind::Plain;
    }
    // The notations of pasted lists; they are short.
    match text.get(..text.len().min(MAX_PASTED)).map(Notation::detect) {
        Some(Notation::Postfix) => Kind::Postfix,
        Some(Notation::Sendmail) => Kind::Sendmail,
        Some(Notation::SpamAssassin) => Kind::SpamAssassin,
        Some(Notation::Rspamd) => Kind::Rspamd,
        _ => Kind::Other("unknown"),
    }
}

/// So many lines tell whether a text is a plain list.
const MAX_LINES: usize = 1_000;
/// A longer text is no paste.
const MAX_PASTED: usize = 100_000;

/// A service of `master.cf`, or a line of `postconf -P`.
fn is_service(line: &str) -> bool {
    let mut words = line.split_ascii_whitespace();
    let (first, second) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let types = ["inet", "unix", "pass", "fifo", "unix-dgram"];
    types.contains(&second) && words.count() >= 6
        || (second == "=" && first.split('/').nth(1).is_some_and(|kind| types.contains(&kind)))
}

/// Zones, each with or without codes and weight, and a comment behind them.
fn is_zone(line: &str) -> bool {
    let line = line.split('#').next().unwrap_or_default();
    let mut words = line.split(|c: char| c == ',' || c.is_whitespace()).filter(|word| !word.is_empty());
    words.all(|word| {
        let zone = word.split(['=', '*']).next().unwrap_or_default();
        zone.contains('.') && rdnsbl::Name::parse(zone).is_ok_and(|name| name.is_host())
    })
}
