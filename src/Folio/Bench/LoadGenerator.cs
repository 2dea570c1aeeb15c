using System.Diagnostics;

namespace Folio.Bench;

/// <summary>Sends each request when its time has come, whether or not earlier ones have been answered.</summary>
/// <param name="maxConcurrency">Requests on their way at most: others wait here; null: no limit.</param>
internal sealed class LoadGenerator(CompletionClient client, int? maxConcurrency)
{
    /// <returns>Outcomes in the order of the requests, and seconds until the last was there.</returns>
    public async Task<(RequestOutcome[] Outcomes, double Seconds)> RunAsync(IReadOnlyList<PlannedRequest> requests, CancellationToken cancellation)
    {
        using var room = new SemaphoreSlim(maxConcurrency ?? requests.Count);
        var sent = new Task<RequestOutcome>[requests.Count];
        var clock = Stopwatch.StartNew();
        for (int i = 0; i < sent.Length; i++)
        {
            TimeSpan early = TimeSpan.FromSeconds(requests[i].Arrival) - clock.Elapsed;
            if (early > TimeSpan.Zero) await Task.Delay(early, cancellation);
            sent[i] = SendAsync(requests[i]);
        }

        RequestOutcome[] outcomes = await Task.WhenAll(sent);
        return (outcomes, clock.Elapsed.TotalSeconds);

        async Task<RequestOutcome> SendAsync(PlannedRequest request)
        {
            await room.WaitAsync(cancellation);
            try
            {
                return await client.SendAsync(request, clock, cancellation);
            }
            finally
            {
                room.Release();
            }
        }
    }
}
