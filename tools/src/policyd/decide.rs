//! From a request to an answer.

use std::sync::Arc;

use rdnsbl::Action;

use crate::config::{Config, Profile};
use crate::core::{Core, exempt};
use crate::daemon::connection::Peer;
use crate::facts::{Facts, Stage};
use crate::policyd::answer::Answer;
use crate::policyd::instances::Instances;

/// Decides about requests, and remembers what it decided about messages that are under way.
pub(super) struct Decider {
    pub(super) core: Core,
    instances: Instances,
}

impl Decider {
    pub(super) fn new(core: Core) -> Self {
        let instances = Instances::new(core.config().fixed.instances);
        Self { core, instances }
    }

    pub(super) async fn answer(&self, peer: Peer, facts: Facts) -> Answer {
        let config = self.core.config();
        let profile = config.profile(&facts.context);
        let answer = self.core.guard(&config, profile.mode, self.decide(&config, profile, peer, facts));
        let answer = answer.await.unwrap_or_else(Answer::trouble);
        self.count(&answer);
        answer
    }

    async fn decide(&self, config: &Config, profile: &Profile, peer: Peer, facts: Facts) -> Answer {
        if let Some(why) = exempt(config, &facts) {
            if facts.stage >= profile.act_from {
                self.core.note_exempt(why, &facts, config, profile.mode);
            }
            return Answer::Dunno;
        }
        let key = Instances::key(peer, &facts.context, &facts.instance);
        let known = key.as_ref().and_then(|key| self.instances.session(key, facts.client));
        let mut session = known.unwrap_or_else(|| self.core.judge.session(facts.client, config.deadline));
        facts.tell(&mut session, config.recipient_checks);
        if facts.stage < profile.act_from {
            self.core.metrics.held.one();
            self.core.prefetch(session.prefetch());
            if let Some(key) = &key {
                self.instances.keep(key, session, None);
            }
            return Answer::Dunno;
        }
        let known = key.as_ref().and_then(|key| self.instances.decided(key, session.dialogue()));
        let decision = match known {
            Some(decision) => decision,
            None => Arc::new(self.core.decide(config, profile, facts.client, session.report()).await),
        };
        if let Some(key) = &key {
            self.instances.keep(key, session, Some(&decision));
        }
        self.core.note(&decision, &facts, config, profile.mode);
        let answer = Answer::of(&decision.done, &decision.mark(config));
        match (&config.header, &key) {
            (Some(name), Some(key))
                if answer == Answer::Dunno
                    && matches!(facts.stage, Stage::Mail | Stage::Rcpt)
                    && self.instances.wants_header(key) =>
            {
                Answer::Prepend { name: name.clone(), value: decision.header() }
            }
            _ => answer,
        }
    }

    fn count(&self, answer: &Answer) {
        let metrics = &self.core.metrics;
        match answer {
            Answer::Dunno => &metrics.dunno,
            Answer::Class(_) => &metrics.class,
            Answer::Prepend { .. } => &metrics.prepend,
            Answer::Trouble => &metrics.defer,
            Answer::Reply(Action::Reject, _) => &metrics.reject,
            Answer::Reply(..) => &metrics.defer,
        }
        .one();
    }
}
