// Before Alpine starts: the appearance that was chosen anywhere in the house.
try {
  const theme = localStorage.getItem("theme");
  localStorage.setItem("adminTheme", JSON.stringify(theme === "light" || theme === "dark" ? theme : "auto"));
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
} catch {}
