using System.Text.Json;
using System.Text.RegularExpressions;
using Folio.Engine;
using Microsoft.Extensions.Logging;

namespace Folio.Server.Tests;

/// <summary>The line that each request leaves in the log of the application around it.</summary>
public sealed class RequestLogTests(DemoEngine demo)
{
    [Fact]
    public async Task A_request_leaves_one_line_with_its_tokens_and_times()
    {
        await using var alone = new DemoEngine(new() { NumBlocks = 64 });
        using var lines = new Lines(RequestLog.Category);
        await using Hosted app = await StartAsync(alone.Engine, lines);
        HttpClient http = app.Http;

        await PostAsync("""{"prompt":["Once","Twice"],"max_tokens":3,"ignore_eos":true,"request_id":"mine"}""");
        Assert.Matches(@"^cmpl-mine answered: \d+ prompt tokens \(\d+ cached\), 6 generated, preemptions 0; first token [\d.]+ ms, total [\d.]+ ms$", Assert.Single(lines.Written));

        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/completions") { Content = Json("""{"prompt":"Once","max_tokens":480,"ignore_eos":true,"stream":true,"request_id":"left"}""") };
        await alone.Engine.LeaveAsync(async _ => (await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead)).Dispose());
        await Eventually.TrueAsync(() => lines.Written.Count == 2);
        Assert.StartsWith("cmpl-left cut off: ", lines.Written.Last());

        await PostAsync("""{"prompt":"Once","max_tokens":-1}""");
        Assert.Equal(2, lines.Written.Count); // what was refused was no request of the engine's
        await app.App.StopAsync();

        Task<HttpResponseMessage> PostAsync(string body) => http.PostAsync("/v1/completions", Json(body));
    }

    [Theory]
    [InlineData(PreemptionMode.Recompute, 0, "recompute")]
    [InlineData(PreemptionMode.Swap, 64 << 20, "host")]
    [InlineData(PreemptionMode.Swap, 0, "disk")]
    public async Task Preemptions_are_told_with_their_cost_in_the_log_and_in_the_metrics_and_change_no_answer(PreemptionMode mode, long swapSpace, string metric)
    {
        string folder = Directory.CreateTempSubdirectory("folio-test-").FullName;
        await using var small = new DemoEngine(new() { NumBlocks = 12, MaxModelLen = 160, PreemptionMode = mode, SwapSpace = swapSpace, SwapDirectory = metric == "disk" ? folder : null });
        using var lines = new Lines(RequestLog.Category);
        await using Hosted app = await StartAsync(small.Engine, lines);
        HttpClient http = app.Http;
        string[] bodies = [.. new[] { "Once", "Twice" }.Select(prompt => $$"""{"prompt":"{{prompt}}","max_tokens":140,"temperature":0,"ignore_eos":true}""")];
        string[] texts = await Task.WhenAll(bodies.Select(body => TextAsync(http, body)));

        string[] preempted = [.. lines.Written.Where(line => line.Contains(" preempted at the cost of "))];
        string page = await http.GetStringAsync("/metrics");
        int[] tokens = [.. preempted.Select(line => int.Parse(Regex.Match(line, @"cost of (\d+) tokens").Groups[1].Value))];
        Assert.Equal(2, lines.Written.Count(line => line.Contains(" answered: ")));
        Assert.NotEmpty(preempted);
        Assert.Contains($"folio:preempted_tokens_total{{engine=\"0\",mode=\"{metric}\",model_name=\"folio-demo.Q8_0\"}} {tokens.Sum()}.0\n", page);
        await using Server calm = await Server.StartAsync(demo.Engine);
        for (int i = 0; i < bodies.Length; i++) Assert.Equal((await calm.CompleteAsync(bodies[i])).Ok().Completion, texts[i]);
        Assert.Equal(3, Regex.Count(page, "^folio:preemptions_by_mode_total{", RegexOptions.Multiline));
        Assert.Single(Regex.Matches(page, "^# TYPE folio:preemptions_by_mode_total counter$", RegexOptions.Multiline));
        await app.App.StopAsync();
    }

    private static async Task<string> TextAsync(HttpClient http, string body)
    {
        using HttpResponseMessage answer = await http.PostAsync("/v1/completions", Json(body));
        return JsonElement.Parse(await answer.Content.ReadAsStringAsync()).GetProperty("choices")[0].GetProperty("text").GetString()!;
    }

    private static Task<Hosted> StartAsync(LlmEngine engine, Lines lines) => Hosted.StartAsync(
        builder =>
        {
            builder.Logging.AddProvider(lines);
            builder.Services.AddFolio(engine);
        },
        app => app.MapFolio());

    private static StringContent Json(string body) => new(body, null, "application/json");
}
