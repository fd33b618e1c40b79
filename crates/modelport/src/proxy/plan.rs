//! Who may answer a request, best first.

use std::sync::Arc;

use smallvec::{SmallVec, smallvec};

use super::choice::{self, Request};
use crate::{
    app::App,
    auth::Caller,
    clock,
    error::Error,
    models::Found,
    routing::{
        choice::{Choice, Reason},
        policy::Standing,
        route::{Group, RouteTarget},
        target::Target,
    },
};

/// The most deployments that one request is tried at.
const MAX_DEPLOYMENTS: usize = 8;

/// The deployments that a request is tried at, in order; at least one.
pub struct Plan {
    /// The deployments.
    pub deployments: SmallVec<[Deployment; 1]>,
    /// How a route's were chosen.
    pub choice: Option<Box<Choice>>,
}

/// One model at one provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deployment {
    /// The provider, by its place in the configuration.
    pub provider: usize,
    /// The model as the provider knows it; empty when the request names none and the provider is to choose.
    pub model: Arc<str>,
    /// The target of the route that it is, by the places of its group and its own.
    pub target: Option<(usize, usize)>,
}

impl Plan {
    /// Who may answer a request.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] or [`Error::BadRequest`] when nobody may.
    pub fn of(app: &App, request: Request<'_>) -> Result<Self, Error> {
        match app.routes.find(request.model) {
            Some((route, model)) => {
                let request = Request { model, ..request };
                let choice = choice::choose(app, route, request, Group::next_turn);
                let now = clock::now();
                for budget in std::iter::once(&route.budget).chain(&route.hedges) {
                    budget.request(now);
                }
                Self::on_route(choice, model, request.caller)
            }
            None => Self::by_name(app, Some(request.model)),
        }
    }

    /// Who may answer a request for a model that no route is for, or for the default one.
    ///
    /// # Errors
    ///
    /// As [`Plan::of`].
    pub fn by_name(app: &App, requested: Option<&str>) -> Result<Self, Error> {
        app.models.resolve(requested).map(|found| Self::at(&found))
    }

    /// Who may answer a request that names no model where the default one does not fit.
    pub fn without_model(app: &App) -> Self {
        Self {
            deployments: smallvec![Deployment {
                provider: app.models.preferred(),
                model: Arc::from(""),
                target: None,
            }],
            choice: None,
        }
    }

    fn at(found: &Found<'_>) -> Self {
        let model: Arc<str> = Arc::from(&*found.model);
        let deployments = found.providers().map(|provider| Deployment {
            provider,
            model: Arc::clone(&model),
            target: None,
        });
        Self {
            deployments: deployments.collect(),
            choice: None,
        }
    }

    /// The plan that a choice on a route comes to.
    ///
    /// # Errors
    ///
    /// [`Error::BadRequest`] when no target takes the request, [`Error::Forbidden`] when only some do that the caller's
    /// key does not open.
    pub fn on_route(choice: Choice, requested: &str, caller: &Caller) -> Result<Self, Error> {
        let taken = choice.considered.iter().take(MAX_DEPLOYMENTS);
        let deployments = taken.filter_map(|considered| {
            let (group, place) = (considered.group, considered.candidate.place);
            let target = choice.route.target(group, place)?;
            Some(Deployment {
                provider: target.provider,
                model: target.model.clone().unwrap_or_else(|| Arc::from(requested)),
                target: Some((group, place)),
            })
        });
        let deployments: SmallVec<[Deployment; 1]> = deployments.collect();
        if deployments.is_empty() {
            return Err(nobody(&choice, caller));
        }
        Ok(Self {
            deployments,
            choice: Some(Box::new(choice)),
        })
    }

    /// What is left of it for a caller whose key does not open everything.
    ///
    /// # Errors
    ///
    /// [`Error::Forbidden`] when nothing is.
    pub fn open_to(
        mut self,
        app: &App,
        caller: &Caller,
        requested: Option<&str>,
    ) -> Result<Self, Error> {
        let Some(known) = &caller.known else {
            return Ok(self);
        };
        let scopes = &known.key.scopes;
        let by_name = requested.is_some_and(|name| scopes.allow_model(name));
        let mut deployments = self.deployments.iter();
        if !by_name && !deployments.all(|at| scopes.allow_model(&at.model)) {
            return Err(caller.no_model(requested.unwrap_or_default()));
        }
        // A route's targets are chosen among those that are open, and their places are known by the choice.
        if self.choice.is_none() {
            let providers = &app.config.providers;
            self.deployments.retain(|at| {
                let config = providers.get(at.provider);
                config.is_some_and(|config| caller.opens_provider(&config.id))
            });
        }
        if self.deployments.is_empty() {
            return Err(caller.no_provider());
        }
        Ok(self)
    }

    /// The deployment that is tried first.
    pub fn first(&self) -> Option<&Deployment> {
        self.deployments.first()
    }

    /// The target of a route that a deployment is.
    pub fn target(&self, at: &Deployment) -> Option<&RouteTarget> {
        let (group, place) = at.target?;
        self.choice.as_ref()?.route.target(group, place)
    }

    /// How a deployment is doing: its target, or where no route tells its provider's models apart, the provider.
    pub fn signals<'a>(&'a self, app: &'a App, at: &Deployment) -> Option<&'a Arc<Target>> {
        match self.target(at) {
            Some(target) => Some(&target.signals),
            None => app.targets.of_provider(at.provider),
        }
    }

    /// Whether a deployment shares its signals with other models of its provider.
    pub fn serves_several(&self, at: &Deployment) -> bool {
        self.target(at).is_none_or(|target| target.model.is_none())
    }

    fn standing(&self, app: &App, at: &Deployment) -> Option<Standing> {
        let now = clock::now();
        match self.target(at) {
            Some(target) => Some(choice::standing(app, target, &at.model, now)),
            None => Some(app.targets.of_provider(at.provider)?.standing(now)),
        }
    }

    /// Whether going from `failed` to the deployment at this place is the way out of an outage: the one went down
    /// while the request waited there, and the other is up. There are no more such requests than were under way, and
    /// they all need another target at once, so that is not held to the route's share of retries.
    pub fn is_rescue(&self, app: &App, failed: &Deployment, place: usize) -> bool {
        if self.choice.is_none() {
            return false;
        }
        self.standing(app, failed) == Some(Standing::Parked)
            && self
                .deployments
                .get(place)
                .is_some_and(|next| self.standing(app, next) == Some(Standing::Ready))
    }

    /// Whether the deployment at this place is worth trying before those before it are tried again.
    pub fn has_ready(&self, app: &App, place: usize) -> bool {
        let Some(at) = self.deployments.get(place) else {
            return false;
        };
        self.choice.is_some()
            && self
                .standing(app, at)
                .is_some_and(|standing| standing != Standing::Parked)
    }
}

fn nobody(choice: &Choice, caller: &Caller) -> Error {
    let mut left_out = choice.left_out.iter();
    if left_out.any(|left| left.reason == Reason::NotOpened) {
        return caller.no_provider();
    }
    let reasons: Vec<String> = choice
        .left_out
        .iter()
        .filter_map(|left| {
            let target = choice.route.target(left.group, left.place)?;
            Some(format!("{}: {}", target.name, left.reason))
        })
        .collect();
    Error::BadRequest {
        message: format!(
            "No target of the route {:?} takes this request ({}). Change the request, or add a target that can.",
            choice.route.name,
            reasons.join("; ")
        ),
        param: Some("model".to_owned()),
        code: "no_target",
    }
}

impl Deployment {
    /// The model, if there is one to name.
    pub fn named(&self) -> Option<Arc<str>> {
        (!self.model.is_empty()).then(|| Arc::clone(&self.model))
    }
}
