// The three-way switch (automatic, light, dark), and menus that close when one looks elsewhere.
export function startAppearance() {
  for (const group of document.querySelectorAll("[data-theme-switch]")) {
    group.hidden = false;
    const now = document.documentElement.dataset.theme || "auto";
    for (const radio of group.querySelectorAll("input")) radio.checked = radio.value === now;
    group.addEventListener("change", (event) => {
      const theme = event.target.value;
      if (theme === "auto") delete document.documentElement.dataset.theme;
      else document.documentElement.dataset.theme = theme;
      try {
        if (theme === "auto") localStorage.removeItem("theme");
        else localStorage.setItem("theme", theme);
      } catch {}
    });
  }
  const closeMenus = (except) => {
    for (const menu of document.querySelectorAll("[data-menu][open]")) if (!menu.contains(except)) menu.open = false;
  };
  document.addEventListener("click", (event) => closeMenus(event.target));
  document.addEventListener("focusin", (event) => closeMenus(event.target));
  document.addEventListener("keydown", (event) => {
    const menu = event.key === "Escape" && document.activeElement?.closest("[data-menu][open]");
    if (!menu) return;
    menu.open = false;
    menu.querySelector("summary").focus();
    event.stopPropagation();
  }, true);
}

// Signing out leaves nothing of what was written in this browser.
export function startForgetting() {
  document.addEventListener("submit", (event) => {
    if (!event.target.matches("[data-forget-drafts]")) return;
    try {
      for (const key of Object.keys(localStorage)) if (key.startsWith("draft:")) localStorage.removeItem(key);
    } catch {}
  });
}
