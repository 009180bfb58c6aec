"use strict";
(() => {
  const bar = document.querySelector("[data-pick-bar]");
  const pictures = [...document.querySelectorAll("[data-identity]")];
  const pick = () => {
    const identity = bar.querySelector("select").value;
    for (const picture of pictures) picture.hidden = identity !== "" && picture.dataset.identity !== identity;
    for (const group of document.querySelectorAll("[data-pick]")) {
      group.querySelector("[data-none]").hidden = group.querySelector("[data-identity]:not([hidden])") !== null;
    }
    const shown = pictures.filter((picture) => !picture.hidden).length;
    bar.querySelector("output").textContent = `${shown} of ${pictures.length} pictures`;
  };
  if (bar) {
    bar.addEventListener("change", pick);
    bar.hidden = false;
    pick(); // a browser may bring back what was picked before
  }
  for (const film of document.querySelectorAll("video")) {
    const [kind, text] = film.src.slice("data:".length).split(";base64,"); // browsers on iPhones play no data: film
    const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
    film.src = URL.createObjectURL(new Blob([bytes], { type: kind }));
  }
  document.addEventListener("keydown", (event) => {
    const masked = event.key === "Escape" && document.activeElement.closest("[data-pick] button");
    if (masked) masked.blur();
  });
})();
