//! Leave by some limits: the gateway's own part of it, and the part of those it shares with others.

use std::sync::Arc;

use modelport_provider::failure::FailureKind;
use smallvec::SmallVec;

use super::{Failure, refusal};
use crate::{
    app::App,
    clock,
    error::Error,
    limits::{
        admission::{self, Part, Permit, Reached, Refused, Standing},
        cell::Use,
        register::Bounds,
        shared::{Mode, Shared, Ticket, Verdict},
    },
};

/// Leave to send a request that is expected to use so much.
pub(super) struct Leave {
    permit: Permit,
    pub(super) expects: Use,
    /// What is held of shared limits, and where the caller stands there.
    shared: Option<(Box<Ticket>, Standing)>,
}

/// No leave.
pub(super) enum No {
    /// A limit has not enough.
    Refused {
        refused: Box<Refused>,
        standing: Standing,
        now: u64,
    },
    /// Nobody can tell.
    Away,
}

impl Leave {
    /// By the gateway's own count.
    pub(super) fn take(app: &App, bounds: Bounds, expects: Use) -> Result<Self, No> {
        match app.shared.as_deref().map(Shared::mode) {
            None | Some(Mode::Shared) => Self::by_part(bounds, expects, Part::Whole),
            Some(Mode::Alone(part)) => Self::by_part(bounds, expects, part),
            Some(Mode::Refusing) => Err(No::Away),
        }
    }

    fn by_part(bounds: Bounds, expects: Use, part: Part) -> Result<Self, No> {
        let now = clock::unix_millis();
        match admission::admit_part(bounds, expects, part, now) {
            Ok(permit) => Ok(Self {
                permit,
                expects,
                shared: None,
            }),
            Err((refused, standing)) => Err(No::Refused {
                refused: Box::new(refused),
                standing,
                now,
            }),
        }
    }

    /// By the count that is shared too.
    pub(super) async fn agree(self, shared: &Arc<Shared>) -> Result<Self, No> {
        let now = clock::unix_millis();
        let Self {
            permit, expects, ..
        } = self;
        if let Mode::Alone(_) = shared.mode() {
            // It was admitted by this gateway's part already, unless the server has gone away just now.
            return Ok(Self::alone(permit, expects, shared, now));
        }
        match shared.decide(permit.bounds(), expects, now).await {
            Verdict::Taken(ticket, standing) => Ok(Self {
                permit,
                expects,
                shared: Some((ticket, standing)),
            }),
            Verdict::Refused(refused, standing) => {
                permit.withdraw();
                Err(No::Refused {
                    refused: Box::new(refused),
                    standing,
                    now,
                })
            }
            Verdict::Away => {
                let bounds = permit.bounds().clone();
                permit.withdraw();
                let part = match shared.mode_away() {
                    Mode::Alone(part) => part,
                    Mode::Refusing | Mode::Shared => return Err(No::Away),
                };
                let leave = Self::by_part(bounds, expects, part)?;
                Ok(Self::alone(leave.permit, expects, shared, now))
            }
        }
    }

    fn alone(permit: Permit, expects: Use, shared: &Arc<Shared>, now: u64) -> Self {
        let ticket = shared.alone(permit.bounds(), expects, now);
        let standing = permit.standing(now);
        Self {
            permit,
            expects,
            shared: Some((ticket, standing)),
        }
    }

    /// Where the caller stands.
    pub(super) fn standing(&self) -> Standing {
        match &self.shared {
            Some((_, standing)) => *standing,
            None => self.permit.standing(clock::unix_millis()),
        }
    }

    /// The request has used so much so far.
    pub(super) fn grow(&mut self, used: Use) {
        self.permit.grow(used, clock::unix_millis());
        if let Some((ticket, _)) = &mut self.shared {
            ticket.grow(used);
        }
    }

    /// The request is over, with what it used if that is known. The soft limits that it has reached; where they are shared
    /// it is not this gateway alone that knows.
    pub(super) fn settle(self, used: Option<Use>) -> SmallVec<[Reached; 1]> {
        let used = used.unwrap_or(self.expects);
        let reached = self.permit.settle(used, clock::unix_millis());
        match self.shared {
            Some((ticket, _)) => {
                ticket.settle(used);
                SmallVec::new()
            }
            None => reached,
        }
    }
}

impl No {
    /// As the caller is told who shows this key.
    pub(super) fn into_error(self, key: &str) -> Error {
        match self {
            Self::Refused {
                refused,
                standing,
                now,
            } => refusal(&refused, standing, key, now),
            Self::Away => Error::LimitsAway,
        }
    }

    /// As a failure of a provider.
    pub(super) fn into_failure(self) -> Failure {
        let error = match self {
            Self::Refused { refused, now, .. } => refusal(&refused, Standing::default(), "", now),
            Self::Away => Error::LimitsAway,
        };
        Failure::own(FailureKind::RateLimited, error)
    }
}
