using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text;
using System.Text.Json;

namespace Folio.Soak;

/// <summary>Clients that ask at random, some of which leave; once a minute all of them wait until nothing runs, and what the server then holds is looked at.</summary>
internal sealed class Soak : IDisposable
{
    private static readonly TimeSpan s_sampling = TimeSpan.FromSeconds(1), s_work = TimeSpan.FromSeconds(60), s_patience = TimeSpan.FromSeconds(60);

    private readonly HttpClient _http;
    private readonly int _clients, _seed;
    private readonly Stopwatch _clock = new();
    private readonly List<ServerState> _states = [];
    private int _requests, _left, _refused, _answered;

    public Soak(Uri server, int clients, int seed)
    {
        (_clients, _seed) = (clients, seed);
        _http = new(new SocketsHttpHandler { MaxResponseDrainSize = 0 }) { BaseAddress = server, Timeout = TimeSpan.FromMinutes(5) };
    }

    public IReadOnlyList<ServerState> States => _states;

    public ConcurrentQueue<string> Faults { get; } = [];

    public (int Requests, int Answered, int Left, int Refused) Counts => (_requests, _answered, _left, _refused);

    public async Task RunAsync(TimeSpan time, CancellationToken cancellation)
    {
        int context = await ContextAsync();
        _clock.Start();
        for (int round = 0; _clock.Elapsed < time; round++)
        {
            using var work = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            TimeSpan left = time - _clock.Elapsed;
            work.CancelAfter(left < s_work ? left : s_work);
            Task sampling = SampleAsync(work.Token);
            await Task.WhenAll(Enumerable.Range(0, _clients).Select(client => AskAsync(new Random(HashCode.Combine(_seed, round, client)), context, work.Token)));
            await sampling;
            cancellation.ThrowIfCancellationRequested();
            await RestAsync();
        }
    }

    public void Dispose() => _http.Dispose();

    private async Task<int> ContextAsync()
    {
        using JsonDocument models = JsonDocument.Parse(await _http.GetStringAsync("/v1/models"));
        return models.RootElement.GetProperty("data")[0].GetProperty("max_model_len").GetInt32();
    }

    private async Task SampleAsync(CancellationToken until)
    {
        while (!until.IsCancellationRequested)
        {
            _states.Add(await ServerState.ReadAsync(_http, _clock.Elapsed.TotalSeconds));
            await Task.Delay(s_sampling, until).ContinueWith(_ => { }, TaskScheduler.Default);
        }
    }

    private async Task AskAsync(Random random, int context, CancellationToken until)
    {
        while (!until.IsCancellationRequested)
        {
            var request = RandomRequest.Draw(random, context);
            Interlocked.Increment(ref _requests);
            using var leave = new CancellationTokenSource();
            if (request.LeavesAfter is { } after) leave.CancelAfter(after);
            try
            {
                await AskAsync(request, leave.Token);
            }
            catch (OperationCanceledException) when (leave.IsCancellationRequested)
            {
                Interlocked.Increment(ref _left);
            }
            catch (Exception error) when (error is HttpRequestException or IOException or OperationCanceledException)
            {
                Faults.Enqueue($"{request.Path} {request.Body}: {error.Message}");
            }
        }
    }

    private async Task AskAsync(RandomRequest request, CancellationToken leave)
    {
        using var message = new HttpRequestMessage(HttpMethod.Post, request.Path) { Content = new StringContent(request.Body, Encoding.UTF8, "application/json") };
        using HttpResponseMessage answer = await _http.SendAsync(message, HttpCompletionOption.ResponseHeadersRead, leave);
        string text = await answer.Content.ReadAsStringAsync(leave);
        int status = (int)answer.StatusCode;
        Interlocked.Increment(ref (status == 200 ? ref _answered : ref _refused));
        if (status != (request.IsBad ? 400 : 200) || text.Contains("\"error\":{", StringComparison.Ordinal) != request.IsBad) Faults.Enqueue($"{request.Path} {request.Body}: {status} {text}");
    }

    /// <summary>Nobody asks: soon the server must hold no block.</summary>
    private async Task RestAsync()
    {
        TimeSpan start = _clock.Elapsed;
        ServerState state = await ServerState.ReadAsync(_http, start.TotalSeconds, atRest: true);
        while (state is not { Running: 0, Waiting: 0, Blocks: 0 } && _clock.Elapsed - start < s_patience)
        {
            await Task.Delay(s_sampling);
            state = await ServerState.ReadAsync(_http, _clock.Elapsed.TotalSeconds, atRest: true);
        }

        if (state is not { Running: 0, Waiting: 0, Blocks: 0 }) Faults.Enqueue($"{state.Seconds:0} s: at rest {state.Running} run, {state.Waiting} wait and {state.Blocks} blocks are held.");
        _states.Add(state);
        Console.Error.WriteLine($"{state.Seconds,6:0} s: {state.Rss:0.0} MiB, {state.Blocks} blocks at rest; {_requests} requests, {_left} broken off, {state.Tokens} tokens");
    }
}
