//! The JSON form of the checks of the client, of HELO, and of mail domains.

use serde::ser::{Serialize, SerializeMap, Serializer};

use crate::check::helo::{Helo, HeloReport};
use crate::check::iprev::{ClientName, Forward, Iprev, LookupDirection};
use crate::check::mail_domain::{HostState, MailDomain, MailDomainReport, MailHost, Via};
use crate::report::json::shared_fields::{extended, seconds};

impl Serialize for Iprev {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let names = self.names();
        let error = match self {
            Self::TempError(error) => Some(error),
            _ => None,
        };
        let stage = error.map(|error| match error.at() {
            LookupDirection::Reverse => "reverse",
            LookupDirection::Forward => "forward",
        });
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("result", self.rfc8601())?;
        map.serialize_entry("client_resolve", self.client_resolve())?;
        map.serialize_entry("names", names.map_or(&[][..], |names| names.all()))?;
        map.serialize_entry("unusable", names.map_or(&[][..], |names| names.unusable()))?;
        map.serialize_entry("truncated", &names.is_some_and(|names| names.truncated()))?;
        map.serialize_entry("why", &error.map(|error| error.why()))?;
        extended(error.and_then(|error| error.extended_error()), &mut map)?;
        map.serialize_entry("stage", &stage)?;
        map.serialize_entry("ttl", &seconds(self.ttl()))?;
        map.end()
    }
}

impl Serialize for ClientName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let forward = match self.forward() {
            Forward::LeadsBack => "leads_back",
            Forward::Elsewhere => "elsewhere",
            Forward::NoAddress => "no_address",
            Forward::NoSuchName => "no_such_name",
            Forward::Failed(failure) => failure.word(),
        };
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("name", self.name())?;
        map.serialize_entry("confirmed", &(self.forward() == Forward::LeadsBack))?;
        map.serialize_entry("forward", forward)?;
        map.serialize_entry("shape", &self.shape())?;
        map.end()
    }
}

impl Serialize for HeloReport {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let why = match self.verdict() {
            Helo::Unknown(why) => Some(why),
            _ => None,
        };
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("verdict", self.verdict().word())?;
        map.serialize_entry("argument", self.argument())?;
        map.serialize_entry("addresses", self.addresses())?;
        map.serialize_entry("is_client_name", &self.is_client_name())?;
        map.serialize_entry("why", &why)?;
        extended(self.extended_error(), &mut map)?;
        map.serialize_entry("ttl", &seconds(self.ttl()))?;
        map.end()
    }
}

impl Serialize for MailDomainReport {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (via, problem, why) = match self.verdict() {
            MailDomain::Ok(Via::Mx) => (Some("mx"), None, None),
            MailDomain::Ok(Via::ImplicitMx) => (Some("implicit_mx"), None, None),
            MailDomain::MxUnusable(reason) => (None, Some(reason), None),
            MailDomain::Unknown(why) => (None, None, Some(why)),
            _ => (None, None, None),
        };
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("verdict", self.verdict().word())?;
        map.serialize_entry("domain", &self.domain())?;
        map.serialize_entry("via", &via)?;
        map.serialize_entry("problem", &problem)?;
        map.serialize_entry("why", &why)?;
        extended(self.extended_error(), &mut map)?;
        map.serialize_entry("hosts", self.hosts())?;
        map.serialize_entry("truncated", &self.truncated())?;
        map.serialize_entry("ttl", &seconds(self.ttl()))?;
        map.end()
    }
}

impl Serialize for MailHost {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let state = match self.state() {
            HostState::Usable => "usable",
            HostState::Unusable(reason) => reason.word(),
            HostState::Unknown(failure) => failure.word(),
        };
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("host", self.target())?;
        map.serialize_entry("preference", &self.preference())?;
        map.serialize_entry("addresses", self.addresses())?;
        map.serialize_entry("alias", &self.is_alias())?;
        map.serialize_entry("state", state)?;
        map.end()
    }
}
