# Varnish in front of the blog: pages stay in memory, a push purges what it changed, and nothing else (deploy/purge).
# Copy it to /etc/varnish/default.vcl and start varnishd with  -p http_gzip_support=off : the blog packs pages itself.
# The service runs with BITACORA_S_MAXAGE=3600 (without it nothing is kept) and BITACORA_TRUST_PROXY=1, or 2 where
# nginx or Caddy stand before Varnish for TLS.
vcl 4.1;

import std;

backend blog {
    .host = "127.0.0.1";
    .port = "8000";
    .connect_timeout = 2s;
    .first_byte_timeout = 65s;
    .probe = {
        .url = "/readyz";
        .interval = 2s;
        .timeout = 2s;
        .window = 3;
        .threshold = 2;
        .initial = 2;
    }
}

# Who may purge.
acl publishers {
    "127.0.0.1";
    "::1";
}

sub vcl_recv {
    if (req.method == "PURGE") {
        # A second address means that a proxy on this machine passed it on from somebody else.
        if (client.ip !~ publishers || req.http.X-Forwarded-For ~ ",") {
            return (synth(403));
        }
        if (req.http.Surrogate-Key !~ "^[a-z0-9-]+( [a-z0-9-]+)*$") {
            return (synth(400, "Name the keys in Surrogate-Key"));
        }
        ban("obj.http.Surrogate-Key ~ (^|\s)(" + regsuball(req.http.Surrogate-Key, " ", "|") + ")($|\s)");
        return (synth(200, "Purged"));
    }

    # One of three copies of a page: which one, the blog's "Vary" says.
    if (req.http.Accept-Encoding ~ "(?i)(^|[, ])br(?! *; *q=0(\.0*)? *(,|$))") {
        set req.http.Accept-Encoding = "br";
    } elsif (req.http.Accept-Encoding ~ "(?i)(^|[, ])gzip(?! *; *q=0(\.0*)? *(,|$))") {
        set req.http.Accept-Encoding = "gzip";
    } else {
        unset req.http.Accept-Encoding;
    }
    unset req.http.Cookie;   # the blog has none

    # While the blog is well a page is stale no longer than its stale-while-revalidate; else as its stale-if-error says.
    if (std.healthy(req.backend_hint)) {
        set req.grace = 30s;
    }
}

sub vcl_backend_response {
    set beresp.grace = 0s;
    if (beresp.http.Cache-Control ~ "stale-if-error=\d+") {
        set beresp.grace = std.duration(
            regsub(beresp.http.Cache-Control, ".*stale-if-error=(\d+).*", "\1s"), 0s);
    }
    if (beresp.status >= 500 && bereq.is_bgfetch) {
        return (abandon);   # the old page stays
    }
}

sub vcl_deliver {
    unset resp.http.Surrogate-Key;
    unset resp.http.Cache-Tag;
}
