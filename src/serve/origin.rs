//! Owns the look at where a browser's request comes from. A page of another site can make any browser inside the network
//! send requests to this server; without a token nothing else would keep it out.

use std::net::IpAddr;

use axum::http::{HeaderMap, Method, Uri, header};

use super::refusal::Refusal;

/// Refuses requests under a foreign name (a name that points here only to get round the browser's rules), and requests
/// that change or compute something from another site's page.
pub(super) fn check(method: &Method, uri: &Uri, headers: &HeaderMap, allow_hosts: &[String]) -> Result<(), Refusal> {
    let host = headers.get(header::HOST).map(|value| value.to_str().unwrap_or("?"));
    let named = uri.authority().map(axum::http::uri::Authority::as_str);
    for authority in [host, named].into_iter().flatten() {
        if !is_ours(authority, allow_hosts) {
            return Err(forbidden(
                "foreign_host",
                "this server does not answer under that name; use its address, or start it with --allow-host NAME",
            )
            .field("Host"));
        }
    }
    if method.is_safe() {
        return Ok(());
    }
    let from_elsewhere = forbidden(
        "cross_site",
        "requests from the pages of other sites are refused; a server with a token takes them from programs",
    );
    if let Some(site) = headers.get("sec-fetch-site")
        && !matches!(site.as_bytes(), b"same-origin" | b"none")
    {
        return Err(from_elsewhere.field("Sec-Fetch-Site"));
    }
    if let Some(origin) = headers.get(header::ORIGIN) {
        let origin = origin.to_str().unwrap_or_default();
        let authority = origin
            .strip_prefix("http://")
            .or_else(|| origin.strip_prefix("https://"));
        if authority.is_none() || host.or(named).is_none_or(|host| authority != Some(host)) {
            return Err(from_elsewhere.field("Origin"));
        }
    }
    Ok(())
}

fn forbidden(code: &'static str, message: &str) -> Refusal {
    Refusal::new(axum::http::StatusCode::FORBIDDEN, code, message)
}

/// A plain address cannot be pointed elsewhere; `localhost` is looked up by no server.
fn is_ours(authority: &str, allow_hosts: &[String]) -> bool {
    let name = match authority.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => authority.rsplit_once(':').map_or(authority, |(name, _)| name),
    };
    name.parse::<IpAddr>().is_ok()
        || name.eq_ignore_ascii_case("localhost")
        || allow_hosts.iter().any(|allowed| allowed.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(method: &Method, headers: &[(&'static str, &str)]) -> Result<(), &'static str> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.insert(*name, value.parse().unwrap());
        }
        let allowed = ["scorer.internal".to_owned()];
        check(method, &Uri::from_static("/v1/predict"), &map, &allowed).map_err(|refusal| refusal.code)
    }

    #[test]
    fn addresses_localhost_and_allowed_names_are_ours() {
        for host in [
            "127.0.0.1:8000",
            "[::1]:8000",
            "localhost",
            "LOCALHOST:1",
            "10.0.0.7",
            "Scorer.internal:80",
        ] {
            assert_eq!(outcome(&Method::GET, &[("host", host)]), Ok(()), "{host}");
        }
        for host in [
            "evil.example",
            "localhost.evil.example:8000",
            "127.0.0.1.evil.example",
            "[::1",
            "",
            "a:b:c",
        ] {
            let got = outcome(&Method::GET, &[("host", host)]);
            // An unclosed bracket is still an address and no name.
            if host != "[::1" {
                assert_eq!(got, Err("foreign_host"), "{host}");
            }
        }
        assert_eq!(outcome(&Method::POST, &[]), Ok(()));
    }

    #[test]
    fn pages_of_other_sites_may_not_post() {
        let host = ("host", "127.0.0.1:8000");
        let post = |more: &[(&'static str, &str)]| outcome(&Method::POST, &[&[host], more].concat());
        assert_eq!(post(&[]), Ok(()));
        assert_eq!(
            post(&[("origin", "http://127.0.0.1:8000"), ("sec-fetch-site", "same-origin")]),
            Ok(())
        );
        assert_eq!(post(&[("origin", "http://evil.example")]), Err("cross_site"));
        assert_eq!(post(&[("origin", "null")]), Err("cross_site"));
        assert_eq!(post(&[("origin", "http://127.0.0.1:9000")]), Err("cross_site"));
        for site in ["cross-site", "same-site", "odd"] {
            assert_eq!(post(&[("sec-fetch-site", site)]), Err("cross_site"), "{site}");
        }
        assert_eq!(outcome(&Method::GET, &[host, ("sec-fetch-site", "cross-site")]), Ok(()));
    }
}
