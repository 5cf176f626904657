// Tells the site around this page how tall it is. It reads nothing and keeps nothing.
new ResizeObserver(() => {
  parent.postMessage({ steadfast: Math.ceil(document.documentElement.getBoundingClientRect().height) }, "*");
}).observe(document.documentElement);
