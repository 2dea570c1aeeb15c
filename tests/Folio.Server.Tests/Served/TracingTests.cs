using System.Diagnostics;
using System.Net.Http.Headers;
using Folio.Engine;

namespace Folio.Server.Tests;

/// <summary>Spans and OpenTelemetry's figures, as an application hears them.</summary>
public sealed class TracingTests(DemoEngine demo)
{
    private const string Trace = "4bf92f3577b34da6a3ce929d0e0e4736", Span = "00f067aa0ba902b7";

    [Fact]
    public async Task A_request_s_span_continues_its_client_s_trace_and_tells_its_life()
    {
        using var recorder = new SpanRecorder();
        await using Server server = await Server.StartAsync(demo.Engine);
        var clock = Stopwatch.StartNew();
        Reply reply = await PostAsync(server, """{"model":"demo","prompt":"Once upon a time","max_tokens":20,"n":2,"temperature":0.5,"top_p":0.9,"top_k":50,"seed":7,"ignore_eos":true,"request_id":"mine"}""", $"00-{Trace}-{Span}-01");
        TimeSpan seen = clock.Elapsed;

        Activity span = await recorder.SpanAsync("cmpl-mine");
        Assert.Equal((Trace, Span, "vendor=1"), (span.TraceId.ToString(), span.ParentSpanId.ToString(), span.TraceStateString));
        Assert.Equal(("text_completion demo", ActivityKind.Server, ActivityStatusCode.Unset), (span.DisplayName, span.Kind, span.Status));
        Assert.InRange(span.Duration, TimeSpan.FromTicks(1), seen);
        int prompt = reply.Usage.GetProperty("prompt_tokens").GetInt32();
        Assert.All<(string, object)>(
            [
                ("gen_ai.operation.name", "text_completion"), ("gen_ai.provider.name", "folio"), ("gen_ai.request.model", "demo"), ("gen_ai.response.model", "demo"), ("gen_ai.response.id", "cmpl-mine"),
                ("gen_ai.request.n", 2), ("gen_ai.request.choice.count", 2), ("gen_ai.request.max_tokens", 20), ("gen_ai.request.top_k", 50), ("gen_ai.request.seed", 7L), ("gen_ai.request.temperature", 0.5),
                ("gen_ai.usage.input_tokens", prompt), ("gen_ai.usage.prompt_tokens", prompt), ("gen_ai.usage.output_tokens", 40), ("gen_ai.usage.completion_tokens", 40), ("gen_ai.usage.num_sequences", 2),
                ("gen_ai.usage.cache_read.input_tokens", 0), ("folio.preemptions", 0),
            ],
            tag => Assert.Equal(tag.Item2, span.GetTagItem(tag.Item1)));
        Assert.Equal(["length", "length"], Assert.IsType<string[]>(span.GetTagItem("gen_ai.response.finish_reasons")));
        Assert.Null(span.GetTagItem("error.type"));
        double Latency(string name) => Assert.IsType<double>(span.GetTagItem($"gen_ai.latency.{name}"));
        Assert.Equal(span.Duration.TotalSeconds, Latency("e2e"), tolerance: 1e-5);
        Assert.InRange(Latency("time_to_first_token"), Latency("time_in_queue") + Latency("time_in_model_prefill"), Latency("e2e"));
        Assert.Equal(Latency("time_in_model_inference"), Latency("time_in_model_prefill") + Latency("time_in_model_decode"), tolerance: 1e-5);

        Assert.Equal(["queued", "admitted", "prefill_chunk", "first_token"], span.Events.Select(happened => happened.Name));
        Assert.All(span.Events, happened => Assert.InRange(happened.Timestamp.UtcDateTime, span.StartTimeUtc, span.StartTimeUtc + span.Duration));
        Assert.Equal([("folio.start", 0), ("folio.tokens", prompt)], span.Events.ElementAt(2).Tags.Select(tag => (tag.Key, (int)tag.Value!)));
        Assert.DoesNotContain(span.TagObjects, tag => tag.Value is string text && text.Contains("Once"));
    }

    [Fact]
    public async Task Texts_that_are_embedded_have_spans_and_figures_of_their_own_kind()
    {
        using var recorder = new SpanRecorder();
        await using Server server = await Server.StartAsync(demo.Engine, new() { ServedModelNames = ["vectors"] });
        Reply reply = (await server.PostAsync("/v1/embeddings", """{"input":["Once upon a time","A dog"],"encoding_format":"base64","request_id":"vec"}""")).Ok();
        (await server.PostAsync("/v1/embeddings", """{"input":[[5],[6]],"dimensions":8,"request_id":"bad"}""")).Refused(400);

        Activity[] spans = [await recorder.SpanAsync("embd-vec-0"), await recorder.SpanAsync("embd-vec-1")];
        Assert.All(spans, span =>
        {
            Assert.Equal(("embeddings vectors", ActivityKind.Server, ActivityStatusCode.Unset), (span.DisplayName, span.Kind, span.Status));
            Assert.Equal(("embeddings", "vectors", null), (span.GetTagItem("gen_ai.operation.name"), span.GetTagItem("gen_ai.request.model"), span.GetTagItem("error.type")));
            Assert.Equal(["base64"], Assert.IsType<string[]>(span.GetTagItem("gen_ai.request.encoding_formats")));
            Assert.Equal(["queued", "admitted", "prefill_chunk"], span.Events.Select(happened => happened.Name));
            Assert.True(Assert.IsType<double>(span.GetTagItem("gen_ai.latency.time_in_model_inference")) > 0);
            foreach (string answers in new[] { "gen_ai.usage.output_tokens", "gen_ai.response.finish_reasons", "gen_ai.request.temperature" }) Assert.Null(span.GetTagItem(answers));
        });
        int tokens = reply.Usage.GetProperty("prompt_tokens").GetInt32();
        Assert.Equal(tokens, spans.Sum(span => (int)span.GetTagItem("gen_ai.usage.input_tokens")!));
        foreach (string refused in new[] { "embd-bad-0", "embd-bad-1" }) Assert.Equal("invalid_request", (await recorder.SpanAsync(refused)).GetTagItem("error.type"));

        await Eventually.TrueAsync(() => Task.FromResult(recorder.FiguresOf("vectors").Count(figure => figure.Name == "gen_ai.server.request.duration") == 4));
        var figures = recorder.FiguresOf("vectors").ToLookup(figure => figure.Name);
        Assert.All(recorder.FiguresOf("vectors"), figure => Assert.Equal("embeddings", figure.Tags["gen_ai.operation.name"]));
        Assert.All(figures["gen_ai.client.token.usage"], figure => Assert.Equal("input", figure.Tags["gen_ai.token.type"]));
        Assert.Equal(tokens, figures["gen_ai.client.token.usage"].Sum(figure => figure.Value));
        Assert.Empty(figures["gen_ai.server.time_to_first_token"]);
    }

    [Fact]
    public async Task Without_a_client_s_trace_a_span_begins_one_and_what_is_not_sampled_is_not_made()
    {
        using var recorder = new SpanRecorder(parent => parent.TraceId == default || parent.TraceFlags.HasFlag(ActivityTraceFlags.Recorded)); // as OpenTelemetry's default does
        await using Server server = await Server.StartAsync(demo.Engine);
        await PostAsync(server, """{"prompt":"Once","max_tokens":1,"request_id":"unsampled"}""", $"00-{Trace}-{Span}-00");
        await PostAsync(server, """{"prompt":"Once","max_tokens":1,"request_id":"own"}""", null);
        Activity span = await recorder.SpanAsync("cmpl-own");
        Assert.Equal(default, span.ParentSpanId);
        Assert.DoesNotContain(recorder.Spans, other => (string?)other.GetTagItem("gen_ai.request.id") == "cmpl-unsampled");
    }

    [Fact]
    public async Task What_waits_for_a_grammar_is_preempted_fails_or_is_left_tells_so()
    {
        await using var small = new DemoEngine(new() { NumBlocks = 12, MaxModelLen = 160, PreemptionMode = PreemptionMode.Recompute, MaxWaitingRequests = 2 });
        using var recorder = new SpanRecorder();
        await using Server server = await Server.StartAsync(small.Engine);
        Task asked;
        using (var loop = new Standstill(small.Engine)) // until both are there
        {
            asked = Task.WhenAll(Enumerable.Range(0, 2).Select(i => PostAsync(server, $$"""{"prompt":"Once","max_tokens":140,"ignore_eos":true,"request_id":"crowd{{i}}"}""", null)));
            await Eventually.TrueAsync(() => loop.Posted == 2);
        }

        await asked;
        Activity[] crowd = [await recorder.SpanAsync("cmpl-crowd0"), await recorder.SpanAsync("cmpl-crowd1")];
        ActivityEvent[] preempted = [.. crowd.SelectMany(span => span.Events).Where(happened => happened.Name == "preempted")];
        Assert.NotEmpty(preempted);
        Assert.All(preempted, happened => Assert.Equal(("decode", "recompute"), (Tag(happened, "folio.reason"), Tag(happened, "folio.mode"))));
        Assert.Equal(preempted.Length, crowd.SelectMany(span => span.Events).Count(happened => happened.Name == "resumed" && (string?)Tag(happened, "folio.mode") == "recompute"));
        Assert.Equal(preempted.Length, crowd.Sum(span => (int)span.GetTagItem("folio.preemptions")!));

        await PostAsync(server, """{"prompt":"Once","max_tokens":5,"guided_regex":"[a-z]{3}","request_id":"obeys"}""", null);
        Assert.Equal("grammar_wait", (await recorder.SpanAsync("cmpl-obeys")).Events.First().Name);

        (await server.PostAsync("/v1/completions", """{"prompt":"Once","guided_regex":"[","request_id":"refused"}""")).Refused(400);
        Activity refused = await recorder.SpanAsync("cmpl-refused");
        Assert.Equal((ActivityStatusCode.Unset, "invalid_request"), (refused.Status, refused.GetTagItem("error.type")));

        using (var loop = new Standstill(small.Engine)) (await server.PostAsync("/v1/completions", """{"prompt":["a","b","c"],"max_tokens":1,"request_id":"crowded"}""")).Refused(429);
        Assert.Equal("queue_full", (await recorder.SpanAsync("cmpl-crowded-2")).GetTagItem("error.type"));
        Assert.Equal("cancelled", (await recorder.SpanAsync("cmpl-crowded-0")).GetTagItem("error.type"));

        await Eventually.TrueAsync(() => small.Engine.InFlight == 0);
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/completions") { Content = Json("""{"prompt":"Once","max_tokens":150,"ignore_eos":true,"stream":true,"request_id":"left"}""") };
        await small.Engine.LeaveAsync(async _ => (await server.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead)).Dispose());
        Activity left = await recorder.SpanAsync("cmpl-left");
        Assert.Equal((ActivityStatusCode.Unset, "cancelled"), (left.Status, left.GetTagItem("error.type")));
    }

    [Fact]
    public async Task A_long_prompt_s_chunks_leave_room_for_the_stations_behind_them()
    {
        await using var small = new DemoEngine(new() { MaxNumBatchedTokens = 4 });
        using var recorder = new SpanRecorder();
        await using Server server = await Server.StartAsync(small.Engine);
        await PostAsync(server, $$"""{"prompt":[{{string.Join(',', Enumerable.Range(300, 100))}}],"max_tokens":2,"ignore_eos":true,"request_id":"long"}""", null);
        ActivityEvent[] events = [.. (await recorder.SpanAsync("cmpl-long")).Events];
        Assert.Equal(["queued", "admitted", .. Enumerable.Repeat("prefill_chunk", 9), "first_token"], events.Select(happened => happened.Name));
        Assert.Equal((96, 4, 16), (Tag(events[10], "folio.start"), Tag(events[10], "folio.tokens"), Tag(events[10], "folio.chunks_left_out"))); // 25 chunks: 8, and the last
    }

    [Theory]
    [InlineData("invalid_request", false), InlineData("cancelled", false), InlineData("queue_full", false)]
    [InlineData("engine_unavailable", true), InlineData("room_pinned", true), InlineData("request_failed", true)]
    public void A_span_has_the_status_of_an_error_where_the_error_is_the_server_s_and_leaves_the_thread_s_own_current(string kind, bool isError)
    {
        using var recorder = new SpanRecorder();
        using Activity current = new Activity("the request by HTTP").Start();
        RequestSpan.Start($"ends-{kind}", "chat", "demo", "", _ => { }, Stopwatch.GetTimestamp())!.End(kind, Stopwatch.GetTimestamp());
        Assert.Same(current, Activity.Current);
        Activity span = recorder.Spans.Single(span => (string?)span.GetTagItem("gen_ai.request.id") == $"ends-{kind}");
        Assert.Equal((isError ? ActivityStatusCode.Error : ActivityStatusCode.Unset, kind), (span.Status, span.GetTagItem("error.type")));
    }

    [Fact]
    public async Task OpenTelemetry_s_figures_are_those_of_the_answers()
    {
        using var recorder = new SpanRecorder();
        await using Server server = await Server.StartAsync(demo.Engine, new() { ServedModelNames = ["figures"] });
        Reply reply = (await server.ChatAsync(new { messages = new[] { new { role = "user", content = "Hi" } }, max_tokens = 9, ignore_eos = true })).Ok();
        (await server.CompleteAsync(new { prompt = "Once", guided_regex = "[" })).Refused(400);
        await Eventually.TrueAsync(() => recorder.FiguresOf("figures").Count(figure => figure.Name == "gen_ai.server.request.duration") == 2);

        var figures = recorder.FiguresOf("figures").ToLookup(figure => figure.Name);
        Assert.Equal(
            [("chat", null), ("text_completion", "invalid_request")],
            figures["gen_ai.server.request.duration"].Select(figure => (figure.Tags["gen_ai.operation.name"], figure.Tags.GetValueOrDefault("error.type"))).Order());
        Assert.Equal(
            [("input", reply.Usage.GetProperty("prompt_tokens").GetInt32()), ("output", 9)],
            figures["gen_ai.client.token.usage"].Select(figure => ((string)figure.Tags["gen_ai.token.type"]!, (int)figure.Value)));
        double whole = figures["gen_ai.server.request.duration"].Single(figure => !figure.Tags.ContainsKey("error.type")).Value, first = Assert.Single(figures["gen_ai.server.time_to_first_token"]).Value;
        Assert.InRange(Assert.Single(figures["gen_ai.server.time_per_output_token"]).Value, 1e-9, (whole - first) / 8);
        Assert.All(recorder.FiguresOf("figures"), figure => Assert.Equal("folio", figure.Tags["gen_ai.provider.name"]));
    }

    private static object? Tag(ActivityEvent happened, string name) => happened.Tags.Single(tag => tag.Key == name).Value;

    private static async Task<Reply> PostAsync(Server server, string body, string? traceparent)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/completions") { Content = Json(body) };
        if (traceparent is not null)
        {
            request.Headers.Add("traceparent", traceparent);
            request.Headers.Add("tracestate", "vendor=1");
        }

        using var http = new HttpClient(new SocketsHttpHandler { ActivityHeadersPropagator = null }) { BaseAddress = server.Address };
        using HttpResponseMessage answer = await http.SendAsync(request);
        return new Reply(answer, await answer.Content.ReadAsStringAsync()).Ok();
    }

    private static StringContent Json(string body) => new(body, MediaTypeHeaderValue.Parse("application/json"));
}
