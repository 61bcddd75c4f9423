// Shows the buttons of what this browser can do: copy a text, open the device's own share sheet.
(() => {
  "use strict";

  const status = document.createElement("p");
  status.setAttribute("role", "status");
  status.className = "visually-hidden";
  document.body.append(status);

  const shown = new Set();

  const say = (button, words) => {
    if (!words || shown.has(button)) return;
    shown.add(button);
    const label = [...button.childNodes];
    button.replaceChildren(words);
    status.textContent = words;
    setTimeout(() => {
      button.replaceChildren(...label);
      status.textContent = "";
      shown.delete(button);
    }, 2500);
  };

  const offer = (selector, isPossible, act) => {
    for (const button of document.querySelectorAll(selector)) {
      if (!isPossible(button)) continue;
      button.addEventListener("click", async () => {
        try {
          await act(button);
          say(button, button.dataset.done);
        } catch (error) {
          if (error.name !== "AbortError") say(button, button.dataset.failed); // they closed the sheet
        }
      });
      button.hidden = false;
    }
  };

  const sheet = ({ dataset }) => ({ title: dataset.title, text: dataset.text, url: dataset.url });

  offer("button[data-copy]", () => navigator.clipboard?.writeText, (button) => navigator.clipboard.writeText(button.dataset.copy));
  offer(
    "button[data-share]",
    (button) => navigator.share && (!navigator.canShare || navigator.canShare(sheet(button))),
    (button) => navigator.share(sheet(button)),
  );
})();
