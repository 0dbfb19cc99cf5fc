module.exports = (config) => {
  config.set({
    frameworks: ["jasmine"],
    files: ["src/*.js", "spec/*.js"],
    browsers: ["Headless"],
    customLaunchers: {
      // Containers lack what Chrome's sandbox needs.
      Headless: { base: "ChromeHeadless", flags: ["--no-sandbox", "--disable-gpu"] },
    },
    client: { args: [process.env.SHIPPING] },
    reporters: ["progress", "junit"],
    junitReporter: { outputDir: "reports", outputFile: "karma.xml", useBrowserName: false },
    colors: false,
  });
};
