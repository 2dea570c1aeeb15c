using Folio.Engine;

namespace Folio.Server.Tests;

/// <summary>Clients that leave before their answer is whole, and what becomes of their requests.</summary>
internal static class Leaving
{
    private const int Steps = 3;

    /// <summary>A client that leaves at once: by default .NET reads on for two seconds.</summary>
    public static HttpClient Client() => new(new SocketsHttpHandler { MaxResponseDrainSize = 0 });

    /// <summary>Has a client leave while the engine stands after a few steps; it goes on once it has been told so.</summary>
    /// <param name="leave">Sends a request and leaves behind the first token.</param>
    public static async Task LeaveAsync(this LlmEngine engine, Func<StepGate, Task> leave)
    {
        using var gate = new StepGate(engine, Steps);
        await leave(gate);
        await Eventually.TrueAsync(() => gate.Posted > 0 || engine.InFlight == 0); // or it heard of it before it came to stand
    }

    /// <summary>The same, on an engine of its own, with a look at what is left of the request: nothing, and it was aborted far from its end.</summary>
    /// <param name="sequences">Answers that it asked for.</param>
    public static async Task LeaveAsync(this Server server, LlmEngine engine, Func<StepGate, Task> leave, int sequences = 1)
    {
        await engine.LeaveAsync(leave);
        await server.IdleAsync();
        Exposition page = Exposition.Read((await server.GetAsync("/metrics")).Ok().Text);
        Assert.Equal((sequences, sequences), (page["vllm:request_success_total"], page["vllm:request_success_total", ("finished_reason", "abort")]));
        Assert.InRange(page["vllm:generation_tokens_total"], 0, sequences * (Steps + 1)); // the step that runs while the engine is told is its last
    }

    /// <param name="leave">Sends a request and leaves behind its first event.</param>
    /// <inheritdoc cref="LeaveAsync(Server, LlmEngine, Func{StepGate, Task}, int)"/>
    public static Task LeaveAsync(this Server server, LlmEngine engine, Func<Task> leave) => server.LeaveAsync(engine, _ => leave());

    /// <summary>Waits until no request runs or waits and no block is in use.</summary>
    public static Task IdleAsync(this Server server) =>
        Eventually.TrueAsync(async () => await server.MetricAsync("vllm:num_requests_running") + await server.MetricAsync("vllm:num_requests_waiting") + await server.MetricAsync("vllm:kv_cache_usage_perc") == 0);
}
