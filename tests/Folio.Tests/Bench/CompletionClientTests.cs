using System.Diagnostics;
using Folio.Bench;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Folio.Tests;

/// <summary>What is made of a server's answers, good and bad. The server says what each test wants.</summary>
public class CompletionClientTests
{
    [Fact]
    public async Task Each_event_with_choices_is_a_token_and_usage_is_believed()
    {
        RequestOutcome outcome = await AskAsync(200, """
            : a comment

            data: {"choices":[{"text":"One","logprobs":null}],"usage":null}

            data: {"choices":[{"text":" day"}]}

            data: {"choices":[{"text":"","finish_reason":"length"}]}

            data: {"choices":[],"usage":{"prompt_tokens":7,"completion_tokens":5}}

            data: [DONE]


            """);
        Assert.Null(outcome.Error);
        Assert.Equal(("One day", 7, 5, 2), (outcome.Text, outcome.PromptTokens, outcome.OutputTokens, outcome.Gaps.Count));
        Assert.Equal(outcome.Latency, outcome.FirstToken + outcome.Gaps.Sum(), 9);
        Assert.Equal((outcome.Latency - outcome.FirstToken) / 4, outcome.TimePerToken, 9);
    }

    [Fact]
    public async Task An_event_that_is_no_json_fails_its_request() => Assert.StartsWith("an event of the stream can't be read: ", (await AskAsync(200, "data: {]\n\n")).Error);

    [Fact]
    public async Task Without_usage_events_are_counted()
    {
        RequestOutcome outcome = await AskAsync(200, "data: {\"choices\":[{\"text\":\"a\"}]}\n\ndata: {\"choices\":[{\"text\":\"b\"}]}\n\ndata: [DONE]\n\n");
        Assert.Equal((3, 2), (outcome.PromptTokens, outcome.OutputTokens));
    }

    [Theory]
    [InlineData(200, "data: {\"choices\":[{\"text\":\"a\"}]}\n\ndata: {\"error\":{\"message\":\"the engine has stopped\",\"code\":500}}\n\ndata: [DONE]\n\n", "in the stream: the engine has stopped")]
    [InlineData(200, "data: {\"choices\":[{\"text\":\"a\"}]}\n\n", "the stream ended before [DONE].")]
    [InlineData(200, "data: [DONE]\n\n", "the server sent no token.")]
    [InlineData(200, "{\"choices\":[{\"text\":\"not streamed\"}]}", "the server sent no token.")]
    [InlineData(429, "{\"error\":{\"message\":\"too many wait\"}}", "HTTP 429: too many wait")]
    [InlineData(404, "{\"error\":\"no such model\"}", "HTTP 404: no such model")]
    [InlineData(502, "<html>", "HTTP 502 (Bad Gateway)")]
    public async Task What_fails_says_why(int status, string body, string expected) => Assert.Equal(expected, (await AskAsync(status, body)).Error);

    private static async Task<RequestOutcome> AskAsync(int status, string answer)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        await using WebApplication app = builder.Build();
        app.Urls.Add("http://127.0.0.1:0");
        app.MapPost("/v1/completions", (HttpContext context) =>
        {
            context.Response.StatusCode = status;
            return context.Response.WriteAsync(answer);
        });
        await app.StartAsync(TestContext.Current.CancellationToken);
        using var client = new CompletionClient(app.Urls.First(), apiKey: null);
        return await client.SendAsync(new(0, "{}"u8.ToArray(), PromptTokens: 3), Stopwatch.StartNew(), TestContext.Current.CancellationToken);
    }
}
