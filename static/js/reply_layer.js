// Of what a layer asks for (a team, a marketplace, a store) only what the chosen one needs is shown.
export function chooseLayer(form) {
  const layer = form.elements.layer;
  const show = () => {
    for (const part of form.querySelectorAll("[data-layer]")) part.hidden = part.dataset.layer !== layer.value;
  };
  layer.addEventListener("change", show);
  show();
}
