//! Reports on standard output, in the form that was asked for.

use std::io::{self, Write};

use rdnsbl::Report;
use rdnsbl::report::ResolverFault;

use crate::args::{Form, Options};
use crate::demo::BANNER;
use crate::nagios::Nagios;
use crate::servers::Servers;
use crate::{people, print_error, terminal, tsv};

/// The mark of every report of `--demo` in JSON.
const JSON_MARK: &str = "\"demo\":true,\"note\":\"DEMO DATA\",";

/// Prints reports one after the other.
pub(crate) struct Output<'a> {
    options: &'a Options,
    servers: &'a Servers,
    out: io::StdoutLock<'static>,
    printed: usize,
    nagios: Nagios,
    faults: Vec<ResolverFault>,
    has_colour: bool,
}

impl<'a> Output<'a> {
    pub(crate) fn new(options: &'a Options, servers: &'a Servers) -> Self {
        let out = io::stdout().lock();
        let (nagios, has_colour) = (Nagios::new(options.demo), terminal::has_colour());
        Self { options, servers, out, printed: 0, nagios, faults: Vec::new(), has_colour }
    }

    /// What was wrong with the resolver, each fault once.
    pub(crate) fn faults(&self) -> &[ResolverFault] {
        &self.faults
    }

    /// What comes before the reports.
    pub(crate) fn begin(&mut self) -> io::Result<()> {
        let demo = self.options.demo;
        if demo && self.options.form.is_some() {
            print_error(&format!("{BANNER}: the answers are made up; --special is implied"));
        }
        match self.options.form {
            None => self.write(&people::header(self.servers, demo)),
            Some(Form::Json) if demo => self.write(&format!("{{\"version\":1,{JSON_MARK}\"reports\":[")),
            Some(Form::Json) => self.write("{\"version\":1,\"demo\":false,\"reports\":["),
            Some(Form::Tsv) if demo => self.write(&tsv::note(BANNER)),
            Some(Form::JsonLines | Form::Tsv | Form::Nagios) => Ok(()),
        }
    }

    /// One report.
    pub(crate) fn report(&mut self, report: &Report) -> io::Result<()> {
        if let Some(fault) = report.resolver_fault().filter(|fault| !self.faults.contains(fault)) {
            self.faults.push(fault);
        }
        let text = match self.options.form {
            None if self.has_colour => terminal::coloured(&people::report(report, self.options.verbose)),
            None => people::report(report, self.options.verbose),
            Some(Form::Json) => {
                let comma = if self.printed == 0 { "\n" } else { ",\n" };
                format!("{comma}{}", serde_json::to_string(report)?)
            }
            Some(Form::JsonLines) => {
                let report = serde_json::to_string(report)?;
                match report.strip_prefix('{').filter(|_| self.options.demo) {
                    Some(fields) => format!("{{{JSON_MARK}{fields}\n"),
                    None => format!("{report}\n"),
                }
            }
            Some(Form::Tsv) => tsv::report(report),
            Some(Form::Nagios) => {
                self.nagios.add(report);
                String::new()
            }
        };
        self.printed += 1;
        self.write(&text)
    }

    /// What comes after the reports.
    pub(crate) fn end(&mut self) -> io::Result<()> {
        match self.options.form {
            Some(Form::Json) => self.write("\n]}\n"),
            Some(Form::Nagios) => {
                let line = self.nagios.line();
                self.write(&line)
            }
            None | Some(Form::JsonLines | Form::Tsv) => Ok(()),
        }
    }

    fn write(&mut self, text: &str) -> io::Result<()> {
        self.out.write_all(text.as_bytes())?;
        self.out.flush()
    }
}
