using Microsoft.Playwright;

[assembly: AssemblyFixture(typeof(Folio.Page.Tests.Browser))]

namespace Folio.Page.Tests;

/// <summary>The system's Chromium without a window. Tests are skipped where there is none.</summary>
public sealed class Browser : IAsyncLifetime
{
    private static readonly string[] s_places = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

    private IPlaywright? _playwright;
    private IBrowser? _browser;

    public async ValueTask InitializeAsync()
    {
        if (s_places.FirstOrDefault(File.Exists) is not { } path) return;
        _playwright = await Playwright.CreateAsync();
        _browser = await _playwright.Chromium.LaunchAsync(new() { ExecutablePath = path, Args = ["--no-sandbox", "--disable-gpu"] });
    }

    public async ValueTask DisposeAsync()
    {
        if (_browser is not null) await _browser.DisposeAsync();
        _playwright?.Dispose();
    }

    /// <summary>A page that shares nothing with others. What its scripts complain of is told by <paramref name="complaints"/>.</summary>
    public async Task<IPage> OpenAsync(Uri address, List<string> complaints)
    {
        Assert.SkipWhen(_browser is null, $"no browser: none of {string.Join(", ", s_places)} exists");
        IPage page = await _browser!.NewPageAsync(new() { ViewportSize = new() { Width = 1280, Height = 900 } });
        page.SetDefaultTimeout(30_000);
        page.PageError += (_, error) => complaints.Add(error);
        page.Console += (_, message) =>
        {
            if (message.Type is "error" or "warning") complaints.Add(message.Text);
        };
        await page.GotoAsync(address.ToString());
        return page;
    }
}
