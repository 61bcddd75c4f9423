// While writing: when the site changes, loads the page again at the same place, or restyles it.
(() => {
  "use strict";

  const PLACE = "dev-place";
  let version = document.currentScript.dataset.version;
  const events = new URL("events", document.currentScript.src);
  let source;

  const reload = () => {
    sessionStorage.setItem(PLACE, JSON.stringify([location.pathname, scrollX, scrollY]));
    location.reload();
  };

  const goBackToPlace = () => {
    const [path, left, top] = JSON.parse(sessionStorage.getItem(PLACE) ?? "[]");
    sessionStorage.removeItem(PLACE);
    if (path === location.pathname) scrollTo({ left, top, behavior: "instant" });
  };

  const plainName = (address) => new URL(address, location).pathname.replace(/\.[0-9a-f]{12}(?=\.css$)/, "");

  const restyle = (address) => {
    const links = [...document.querySelectorAll("link[rel=stylesheet]")];
    const old = links.findLast((link) => plainName(link.href) === plainName(address));
    if (!old) return reload(); // perhaps another stylesheet imports it
    const link = old.cloneNode();
    link.href = address;
    link.addEventListener("load", () => old.remove()); // until then the old one stays, so that nothing flickers
    old.after(link);
  };

  // A hidden page does not listen: a browser opens six connections to a server at most.
  const listen = () => {
    source?.close();
    if (document.hidden) return;
    source = new EventSource(`${events}?since=${version}`);
    source.addEventListener("page", reload);
    source.addEventListener("style", (event) => {
      version = event.lastEventId;
      JSON.parse(event.data).forEach(restyle);
    });
  };

  const sayAloud = (alert) => alert.replaceChildren(...alert.childNodes); // what was there at the start is not read

  goBackToPlace();
  document.querySelectorAll(".dev [role=alert]").forEach(sayAloud);
  document.addEventListener("visibilitychange", listen);
  listen();
})();
