using System.Net;

namespace Folio.Tests;

/// <summary>What `folio serve` sends to an OpenTelemetry collector, and when.</summary>
public class OtlpTests
{
    private const string Trace = "4bf92f3577b34da6a3ce929d0e0e4736", ClientSpan = "00f067aa0ba902b7";

    [Fact]
    public async Task Spans_and_figures_reach_a_collector_that_is_named()
    {
        using var collector = new Collector();
        DateTimeOffset before = DateTimeOffset.UtcNow;
        await using (ServingFolio folio = await ServingFolio.StartAsync("--otlp-endpoint", collector.Url, "--served-model-name", "tales", "--num-blocks", "14", "--max-model-len", "160", "--preemption-mode", "recompute"))
        {
            Assert.Contains($"traces and figures are sent to {collector.Url}", folio.Startup);
            await PostAsync(folio, """{"prompt":"Once upon a time","max_tokens":8,"ignore_eos":true,"request_id":"traced"}""", $"00-{Trace}-{ClientSpan}-01");
            await Task.WhenAll(Enumerable.Range(0, 3).Select(i => PostAsync(folio, $$"""{"prompt":"Once","max_tokens":140,"ignore_eos":true,"request_id":"crowd{{i}}"}""", null)));
            await PostAsync(folio, """{"prompt":"Once","guided_regex":"[","request_id":"refused"}""", null, HttpStatusCode.BadRequest);
            Assert.Equal(0, await folio.TerminateAsync());
        }

        Assert.Equal("folio", collector.Resource["service.name"]);
        Span traced = Of("cmpl-traced");
        Assert.Equal((Trace, ClientSpan, "text_completion tales", 2ul, 0ul), (traced.TraceId, traced.ParentId, traced.Name, traced.Kind, traced.Status));
        Assert.InRange(traced.Start, before, traced.End);
        Assert.InRange(traced.End, traced.Start, DateTimeOffset.UtcNow);
        Assert.Equal((8L, "folio", "tales"), ((long)traced.Attributes["gen_ai.usage.output_tokens"], (string)traced.Attributes["gen_ai.provider.name"], (string)traced.Attributes["gen_ai.request.model"]));
        Assert.Equal((traced.End - traced.Start).TotalSeconds, (double)traced.Attributes["gen_ai.latency.e2e"], tolerance: 1e-4);
        Assert.Equal(["queued", "admitted", "prefill_chunk", "first_token"], traced.Events.Select(happened => happened.Name));
        Assert.All(traced.Events, happened => Assert.InRange(happened.At, traced.Start, traced.End));

        Span[] crowd = [.. Enumerable.Range(0, 3).Select(i => Of($"cmpl-crowd{i}"))];
        Assert.Contains(crowd.SelectMany(span => span.Events), happened => happened.Name == "preempted" && (string)happened.Attributes["folio.mode"] == "recompute");
        Assert.All(crowd, span => Assert.Equal(("", true), (span.ParentId, span.TraceId != Trace)));
        Assert.Equal((0ul, "invalid_request"), (Of("cmpl-refused").Status, (string)Of("cmpl-refused").Attributes["error.type"]));

        ILookup<string, ProtoMessage> figures = collector.Metrics.ToLookup(metric => metric.Text(1));
        Assert.Equal(["gen_ai.client.token.usage", "gen_ai.server.request.duration", "gen_ai.server.time_per_output_token", "gen_ai.server.time_to_first_token"], figures.Select(metric => metric.Key).Order());
        ProtoMessage[] durations = [.. figures["gen_ai.server.request.duration"].Last().At(9, 1)];
        Assert.Equal(5ul, durations.Aggregate(0ul, (sum, point) => sum + point.Number(4)));
        Assert.Equal([.01, .02, .04, .08, .16, .32, .64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92], durations[0].Doubles(7));
        ProtoMessage output = figures["gen_ai.client.token.usage"].Last().At(9, 1).Single(point => (string)Collector.Attributes(point.All(9))["gen_ai.token.type"] == "output");
        Assert.Equal(8 + (3 * 140), output.Double(5));

        Span Of(string id) => collector.Spans.Single(span => (string)span.Attributes["gen_ai.request.id"] == id);
    }

    [Fact]
    public async Task The_standard_variables_name_it_too_and_whose_it_is()
    {
        using var collector = new Collector();
        Dictionary<string, string> environment = new()
        {
            ["OTEL_EXPORTER_OTLP_ENDPOINT"] = collector.Url,
            ["OTEL_EXPORTER_OTLP_HEADERS"] = "Authorization=Basic b2s=",
            ["OTEL_SERVICE_NAME"] = "stories",
        };
        await using ServingFolio folio = await ServingFolio.StartAsync(environment);
        await PostAsync(folio, """{"prompt":"Once","max_tokens":1}""", null);
        Assert.Equal(0, await folio.TerminateAsync());
        Assert.Equal("stories", collector.Resource["service.name"]);
        Assert.Contains("/v1/traces", collector.Paths);
        Assert.Contains("/v1/metrics", collector.Paths);
        Assert.All(collector.Authorizations, authorization => Assert.Equal("Basic b2s=", authorization));
    }

    [Fact]
    public async Task A_collector_that_is_not_there_costs_no_request_and_one_warning_and_its_return_is_told()
    {
        string url = Collector.FreeUrl();
        Dictionary<string, string> often = new() { ["OTEL_BSP_SCHEDULE_DELAY"] = "100" };
        await using ServingFolio folio = await ServingFolio.StartAsync(often, "--otlp-endpoint", url);
        Task<string?> warning = folio.LineAsync();
        await PostAsync(folio, """{"prompt":"Once","max_tokens":1}""", null);
        Assert.Matches($"^warning: traces and figures don't arrive at {url}/v1/traces [(].*[)]; they are lost until they do, and requests notice nothing.$", await warning.WaitAsync(TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken));
        Task<string?> next = folio.LineAsync();
        for (int i = 0; i < 5; i++)
        {
            await PostAsync(folio, """{"prompt":"Once","max_tokens":1}""", null);
            await Task.Delay(150, TestContext.Current.CancellationToken);
        }

        Assert.False(next.IsCompleted); // though more exports have failed
        using var collector = new Collector(url);
        while (!next.IsCompleted)
        {
            await PostAsync(folio, """{"prompt":"Once","max_tokens":1}""", null);
            await Task.WhenAny(next, Task.Delay(200, TestContext.Current.CancellationToken));
        }

        Assert.Matches($"^traces and figures arrive at {url}/v1/traces again$", await next);
        Assert.Equal(0, await folio.TerminateAsync());
        Assert.Equal("", await folio.RestAsync());
    }

    [Fact]
    public async Task Headers_that_are_none_are_refused_without_showing_them()
    {
        Command.Result result = await Command.FolioAsync(["serve", "--otlp-endpoint", "http://127.0.0.1:9"], environment: new Dictionary<string, string> { ["OTEL_EXPORTER_OTLP_HEADERS"] = "harpsichord" });
        Assert.Equal((1, "folio: OTEL_EXPORTER_OTLP_HEADERS isn't a list of name=value pairs with commas between them; it isn't shown here, as it may hold a secret."), (result.ExitCode, result.Errors.Trim()));
    }

    [Theory]
    [InlineData("collector:4317")]
    [InlineData("http://127.0.0.1:0")]
    [InlineData("http://")]
    [InlineData("http://127.0.0.1:99999")]
    [InlineData("")]
    [InlineData("localhost")]
    public async Task What_is_no_address_of_a_collector_is_a_sentence(string endpoint)
    {
        Command.Result result = await Command.FolioAsync(["serve", "--otlp-endpoint", endpoint]);
        Assert.Equal(1, result.ExitCode);
        Assert.Equal($"folio: --otlp-endpoint is '{endpoint}'; a collector's address such as http://127.0.0.1:4318 was expected.", result.Errors.Trim());
    }

    [Theory]
    [InlineData("http://alice:harpsichord@127.0.0.1:4318")]
    [InlineData("http://127.0.0.1:4318/?key=harpsichord")]
    public async Task An_address_with_a_secret_in_it_is_refused_without_showing_it(string endpoint)
    {
        Command.Result result = await Command.FolioAsync(["serve", "--otlp-endpoint", endpoint]);
        Assert.Equal(1, result.ExitCode);
        Assert.Contains("--otlp-endpoint has more than a scheme, a host, a port and a path", result.Errors);
        Assert.DoesNotContain("harpsichord", result.Errors);
    }

    private static async Task PostAsync(ServingFolio folio, string body, string? traceparent, HttpStatusCode expected = HttpStatusCode.OK)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/completions") { Content = new StringContent(body, null, "application/json") };
        if (traceparent is not null) request.Headers.Add("traceparent", traceparent);
        using HttpResponseMessage answer = await folio.Client.SendAsync(request);
        Assert.Equal(expected, answer.StatusCode);
    }
}
