export default function (config) {
  config.addFilter("newest", (posts, count) => posts.slice(-count).reverse());
  return { markdownTemplateEngine: false };
}
