// The clock step offers this browser's time.
document.addEventListener("submit", (event) => {
  const field = event.target.querySelector("input[data-now]");
  if (field) field.value = String(Date.now());
});
for (const shown of document.querySelectorAll("[data-browser-time]")) shown.textContent = new Date().toLocaleString();
