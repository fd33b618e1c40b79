//! Who may answer a request, best first.

use std::sync::Arc;

use smallvec::{SmallVec, smallvec};

use crate::{app::App, error::Error, models::Found};

/// The deployments that a request is tried at, in order; at least one.
pub struct Plan {
    /// The deployments.
    pub deployments: SmallVec<[Deployment; 1]>,
}

/// One model at one provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deployment {
    /// The provider, by its place in the configuration.
    pub provider: usize,
    /// The model as the provider knows it; empty when the request names none and the provider is to choose.
    pub model: Arc<str>,
}

impl Plan {
    /// Who may answer a request for `requested`.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] or [`Error::BadRequest`] when nobody may.
    pub fn of(app: &App, requested: Option<&str>) -> Result<Self, Error> {
        app.models.resolve(requested).map(|found| Self::at(&found))
    }

    /// Who may answer a request that names no model where the default one does not fit.
    pub fn without_model(app: &App) -> Self {
        let model = Arc::from("");
        let provider = app.models.preferred();
        Self {
            deployments: smallvec![Deployment { provider, model }],
        }
    }

    fn at(found: &Found<'_>) -> Self {
        let model: Arc<str> = Arc::from(&*found.model);
        let deployments = found.providers().map(|provider| Deployment {
            provider,
            model: Arc::clone(&model),
        });
        Self {
            deployments: deployments.collect(),
        }
    }

    /// The deployment that is tried first.
    pub fn first(&self) -> Option<&Deployment> {
        self.deployments.first()
    }
}

impl Deployment {
    /// The model, if there is one to name.
    pub fn named(&self) -> Option<Arc<str>> {
        (!self.model.is_empty()).then(|| Arc::clone(&self.model))
    }
}
