//! Owns the list of routes, as far as guard and metrics need to tell them apart.

/// What a path leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Route {
    Page,
    Predict,
    Validate,
    Model,
    Runs,
    Train,
    Job,
    Invocations,
    Ping,
    Health,
    Ready,
    Metrics,
    OpenApi,
    Other,
}

/// All of them, in the order of their numbers.
pub(super) const ROUTES: [Route; 14] = [
    Route::Page,
    Route::Predict,
    Route::Validate,
    Route::Model,
    Route::Runs,
    Route::Train,
    Route::Job,
    Route::Invocations,
    Route::Ping,
    Route::Health,
    Route::Ready,
    Route::Metrics,
    Route::OpenApi,
    Route::Other,
];

impl Route {
    pub(super) fn of(path: &str) -> Self {
        let named = ROUTES.into_iter().find(|route| route.label() == path);
        match named {
            Some(route) if !matches!(route, Self::Job | Self::Other) => route,
            _ if path.starts_with("/v1/jobs/") => Self::Job,
            _ => Self::Other,
        }
    }

    /// Its path, as metrics and the log name it. What callers make up is never among them.
    pub(super) fn label(self) -> &'static str {
        match self {
            Self::Page => "/",
            Self::Predict => "/v1/predict",
            Self::Validate => "/v1/validate",
            Self::Model => "/v1/model",
            Self::Runs => "/v1/runs",
            Self::Train => "/v1/train",
            Self::Job => "/v1/jobs/{id}",
            Self::Invocations => "/invocations",
            Self::Ping => "/ping",
            Self::Health => "/healthz",
            Self::Ready => "/readyz",
            Self::Metrics => "/metrics",
            Self::OpenApi => "/openapi.json",
            Self::Other => "other",
        }
    }

    /// Whether the token must be shown. What probes ask, the page (which has the field for the token) and the description
    /// say nothing of the workspace.
    pub(super) fn needs_token(self) -> bool {
        !matches!(
            self,
            Self::Page | Self::Ping | Self::Health | Self::Ready | Self::OpenApi
        )
    }

    /// Whether a request counts among those worked on at once. Probes and metrics are answered under any load.
    pub(super) fn is_work(self) -> bool {
        matches!(
            self,
            Self::Predict | Self::Validate | Self::Model | Self::Runs | Self::Train | Self::Job | Self::Invocations
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_lead_to_their_routes_and_made_up_ones_to_one() {
        for (at, route) in ROUTES.into_iter().enumerate() {
            assert_eq!(route as usize, at);
            if !matches!(route, Route::Job | Route::Other) {
                assert_eq!(Route::of(route.label()), route);
            }
        }
        assert_eq!(Route::of("/v1/jobs/x"), Route::Job);
        for odd in ["other", "/v1/jobs", "/v1/predict/", "", "//", "/v1/jobs{id}"] {
            assert_eq!(Route::of(odd), Route::Other, "{odd}");
        }
    }
}
