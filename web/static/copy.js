// Shows the copy and print buttons, which are useless without a script, and lets them work.
export function copyButtons() {
  for (const button of document.querySelectorAll("[data-copy]")) {
    if (!navigator.clipboard) continue;
    button.hidden = false;
    button.addEventListener("click", async () => {
      const source = button.parentElement.querySelector("[data-copy-source]");
      await navigator.clipboard.writeText(source.value ?? source.textContent);
      const label = button.querySelector(".hide") ?? button;
      const before = label.textContent;
      label.textContent = button.dataset.copied;
      label.classList.remove("hide");
      setTimeout(() => {
        label.textContent = before;
        label.classList.add("hide");
      }, 2000);
    });
  }
  for (const button of document.querySelectorAll("[data-print]")) {
    button.hidden = false;
    button.addEventListener("click", () => window.print());
  }
}
