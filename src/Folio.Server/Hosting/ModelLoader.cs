using Folio.Engine;
using Folio.Formats.Hub;
using Folio.Models;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Folio.Server;

/// <summary>Loads the application's model before its other services start, or beside them.</summary>
internal sealed partial class ModelLoader(FolioEngine engine, FolioOptions options, FolioRoutes routes, ILogger logger) : IHostedLifecycleService, IDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private Task _loading = Task.CompletedTask;

    public async Task StartingAsync(CancellationToken cancellationToken)
    {
        if (options.LoadInBackground) _loading = Task.Run(() => TryLoad(_stop.Token), CancellationToken.None);
        else await Task.Run(() => Load(cancellationToken), cancellationToken);
    }

    /// <summary>A pull ends; weights that are being read are waited for, since what they are read into must not go before.</summary>
    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        await _stop.CancelAsync();
        await _loading;
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose() => _stop.Dispose();

    private void TryLoad(CancellationToken cancellation)
    {
        try
        {
            Load(cancellation);
        }
        catch (Exception error)
        {
            if (cancellation.IsCancellationRequested) return;
            if (error is not FolioException) LogFailure(error, options.Model); // which is told already
        }
    }

    private void Load(CancellationToken cancellation)
    {
        try
        {
            engine.Load(options.Backend, backend =>
            {
                ModelPlace place = ModelPlace.Find(options.Model, options.Revision, id => Pull(id, cancellation));
                using var source = ModelSource.Open(place.Path, place.Name);
                return Checked(LlmEngine.Load(source, backend, options.Engine with { Warning = options.Engine.Warning ?? Warn }));
            });
            routes.Prepare();
        }
        catch (FolioException error) when (!cancellation.IsCancellationRequested)
        {
            LogRefusal(options.Model, error.Message); // a line of its own: the host tells a failed start with a stack, and so does the runtime
            throw;
        }

        LogLoaded(engine.Engine.Model.Name);
    }

    /// <summary>An option that doesn't fit the model is a model that can't be loaded.</summary>
    private LlmEngine Checked(LlmEngine loaded)
    {
        try
        {
            _ = new ServedModel(loaded, options.Api);
            return loaded;
        }
        catch
        {
            loaded.DisposeAsync().AsTask().GetAwaiter().GetResult(); // before what it computes on
            throw;
        }
    }

    private PulledModel Pull(HubModelId id, CancellationToken cancellation)
    {
        using var hub = new ModelHub(HubSettings.FromEnvironment(Warn));
        return hub.PullAsync(id, cancellation).GetAwaiter().GetResult();
    }

    private void Warn(string sentence) => LogWarning(sentence);

    [LoggerMessage(EventId = 41, EventName = "ModelLoaded", Level = LogLevel.Information, Message = "{Model} is loaded")]
    private partial void LogLoaded(string model);

    [LoggerMessage(EventId = 42, EventName = "ModelRefused", Level = LogLevel.Critical, Message = "{Model} can't be loaded: {Reason}")]
    private partial void LogRefusal(string model, string reason);

    [LoggerMessage(EventId = 43, EventName = "ModelFailed", Level = LogLevel.Critical, Message = "{Model} can't be loaded; its routes answer 503")]
    private partial void LogFailure(Exception error, string model);

    [LoggerMessage(EventId = 44, EventName = "EngineWarning", Level = LogLevel.Warning, Message = "{Sentence}")]
    private partial void LogWarning(string sentence);
}
