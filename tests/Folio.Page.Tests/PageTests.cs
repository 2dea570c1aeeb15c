using System.Text.RegularExpressions;
using Folio.Engine;
using Microsoft.Playwright;

namespace Folio.Page.Tests;

/// <summary>The page as somebody sees it.</summary>
public sealed class PageTests(Browser browser)
{
    private readonly List<string> _complaints = [];

    [Fact]
    public async Task It_answers_and_tells_what_the_answer_took()
    {
        await using PageServer server = await PageServer.StartAsync();
        IPage page = await browser.OpenAsync(server.Address, _complaints);
        await Assertions.Expect(page.Locator("#state")).ToHaveTextAsync("serving");
        await Assertions.Expect(page.Locator("#model")).ToContainTextAsync("demo");
        await Assertions.Expect(page.Locator("#embeds")).ToBeHiddenAsync();

        await page.Locator("summary").ClickAsync();
        await page.Locator("#temperature").FillAsync("0");
        await page.Locator("#max_tokens").FillAsync("12");
        await page.Locator("#prompt").FillAsync("Tell me a story about a boat.");
        await page.Locator("#send").ClickAsync();
        await Assertions.Expect(page.Locator("#usage")).ToContainTextAsync("12 tokens");
        Assert.NotEmpty((await page.Locator(".message.assistant").InnerTextAsync()).Trim());

        await page.Locator("#prompt").FillAsync("Go on.");
        await page.Locator("#prompt").PressAsync("Control+Enter");
        await Assertions.Expect(page.Locator(".message.assistant")).ToHaveCountAsync(2);
        await Assertions.Expect(page.Locator("#send")).ToBeEnabledAsync();
        Assert.Empty(_complaints);
    }

    [Fact]
    public async Task A_refusal_is_shown_and_the_conversation_goes_on()
    {
        await using PageServer server = await PageServer.StartAsync();
        IPage page = await browser.OpenAsync(server.Address, _complaints);
        await page.Locator("summary").ClickAsync();
        await page.Locator("#max_tokens").FillAsync("100000");
        await page.Locator("#prompt").FillAsync("Hello");
        await page.Locator("#send").ClickAsync();
        await Assertions.Expect(page.Locator(".message.error")).ToContainTextAsync("100000");
        await Assertions.Expect(page.Locator("#prompt")).ToHaveValueAsync("Hello"); // to be sent again: the conversation hasn't got it

        await page.Locator("#max_tokens").FillAsync("4");
        await page.Locator("#prompt").FillAsync("Hello again");
        await page.Locator("#send").ClickAsync();
        await Assertions.Expect(page.Locator("#usage")).ToContainTextAsync("4 tokens");
    }

    [Fact]
    public async Task The_map_tells_whose_tokens_a_block_holds()
    {
        await using PageServer server = await PageServer.StartAsync();
        IPage page = await browser.OpenAsync(server.Address, _complaints);
        int[] prompt = [.. Enumerable.Range(300, 40)];
        using var stop = new CancellationTokenSource();
        Task running = RunAsync(server.Engine, prompt, stop.Token);

        await Assertions.Expect(page.Locator("#sequences tbody tr").First).ToContainTextAsync("decode");
        await Assertions.Expect(page.Locator("#count")).ToContainTextAsync("256 blocks of 16 tokens");
        await Assertions.Expect(page.Locator("#count")).Not.ToContainTextAsync(" 0 shared"); // two sequences, one prompt
        ILocator map = page.Locator("#blocks"), tip = page.Locator("#tip");
        await map.HoverAsync(new() { Position = new() { X = 3, Y = 3 } });
        await Assertions.Expect(tip).ToContainTextAsync("block 0: shared");
        await Assertions.Expect(tip).ToContainTextAsync(new Regex(@"request (\d+), tokens 0–15 of \d+\s+request \1\.1, tokens 0–15 of")); // whichever of the runs a slow browser sees
        if (Environment.GetEnvironmentVariable("FOLIO_PAGE_PICTURE") is { } picture) await page.ScreenshotAsync(new() { Path = picture });

        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
        await Assertions.Expect(page.Locator("#sequences tbody tr")).ToHaveCountAsync(0);
        await Assertions.Expect(page.Locator("#count")).ToContainTextAsync("0 owned, 0 shared");
        Assert.Empty(_complaints);
    }

    [Fact]
    public async Task A_key_is_asked_for_and_then_it_serves()
    {
        await using PageServer server = await PageServer.StartAsync("open-sesame");
        IPage page = await browser.OpenAsync(server.Address, _complaints);
        await Assertions.Expect(page.Locator("#state")).ToHaveTextAsync("an API key is needed");
        await page.Locator("#key").FillAsync("open-sesame");
        await Assertions.Expect(page.Locator("#state")).ToHaveTextAsync("serving");
    }

    [Fact]
    public async Task A_model_that_only_embeds_has_blocks_and_figures_and_no_chat()
    {
        await using PageServer server = await PageServer.StartAsync(model: TestData.Shared("golden-later", "bert"));
        IPage page = await browser.OpenAsync(server.Address, _complaints);
        await Assertions.Expect(page.Locator("#state")).ToHaveTextAsync("serving");
        await Assertions.Expect(page.Locator("#embeds")).ToContainTextAsync("/v1/embeddings");
        await Assertions.Expect(page.Locator("#ask")).ToBeHiddenAsync();
        await Assertions.Expect(page.Locator("#messages")).ToBeHiddenAsync();
        await Assertions.Expect(page.Locator("#count")).ToContainTextAsync("blocks of 16 tokens");
        await Assertions.Expect(page.Locator(".chart")).Not.ToHaveCountAsync(0);
        Assert.Empty(_complaints);
    }

    private static async Task RunAsync(LlmEngine engine, int[] prompt, CancellationToken cancellation)
    {
        var request = new GenerationRequest { Prompt = prompt, Sampling = new() { N = 2, MaxTokens = 400, IgnoreEos = true, Temperature = 1, Seed = 1 } };
        while (true)
        {
            await using GenerationStream stream = engine.Submit(request, cancellation);
            await foreach (GenerationOutput _ in stream) cancellation.ThrowIfCancellationRequested();
            cancellation.ThrowIfCancellationRequested();
        }
    }
}
