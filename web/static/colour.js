// The colour field and the text beside it say the same.
const picker = document.querySelector("input[type=color]");
const text = document.getElementById("f-colour");
if (picker && text) {
  picker.addEventListener("input", () => {
    text.value = picker.value;
  });
  text.addEventListener("input", () => {
    const value = text.value.trim();
    if (/^#[0-9a-f]{6}$/i.test(value)) picker.value = value;
  });
}
