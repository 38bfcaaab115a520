// Asks before a form that takes something away is sent, and shows at once that a click was heard.
function ask(form, yes) {
  const dialog = document.createElement("dialog");
  dialog.className = "dialog stack";
  const question = document.createElement("p");
  question.className = "strong";
  question.textContent = form.dataset.confirm;
  const row = document.createElement("div");
  row.className = "row";
  const go = document.createElement("button");
  go.type = "button";
  go.className = "btn danger-main";
  go.textContent = form.dataset.confirmYes;
  const stay = document.createElement("button");
  stay.type = "button";
  stay.className = "btn";
  stay.textContent = form.dataset.confirmNo;
  row.append(go, stay);
  dialog.append(question, row);
  document.body.append(dialog);
  dialog.addEventListener("close", () => dialog.remove());
  stay.addEventListener("click", () => dialog.close());
  go.addEventListener("click", () => {
    dialog.close();
    yes();
  });
  dialog.showModal();
  // Not by the attribute, which browsers ignore inside another site's page.
  stay.focus();
}

export function forms() {
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.dataset.confirm && !form.dataset.sure && typeof HTMLDialogElement === "function") {
      event.preventDefault();
      const button = event.submitter;
      ask(form, () => {
        // A list that follows by itself may have a new form in its place.
        const there = form.isConnected ? form : document.querySelector(`form[action="${CSS.escape(form.getAttribute("action"))}"]`);
        if (!there) return;
        there.dataset.sure = "yes";
        there.requestSubmit(there === form ? button : null);
      });
      return;
    }
    if (form.method !== "post" || form.target === "_blank") return;
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    form.dataset.sent = "yes";
    event.submitter?.setAttribute("aria-busy", "true");
  });
  // A page that comes back from the browser's memory may be sent again.
  window.addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("form")) {
      delete form.dataset.sent;
      delete form.dataset.sure;
    }
    for (const button of document.querySelectorAll("[aria-busy]")) button.removeAttribute("aria-busy");
  });
}
