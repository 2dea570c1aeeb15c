using Folio.Compute;
using Folio.Engine;

namespace Folio.Server;

/// <summary>The engine of an application: handed to it, or loaded by its host and ended with it.</summary>
public sealed class FolioEngine : IAsyncDisposable
{
    private readonly TaskCompletionSource<LlmEngine> _loaded = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _lock = new();
    private Backend? _backend; // null: the engine is somebody else's
    private bool _hasBegun, _isDisposed;

    internal FolioEngine() { }

    internal FolioEngine(LlmEngine engine) => _loaded.SetResult(engine);

    /// <summary>Completes when the model is loaded; fails with a <see cref="FolioException"/> if it can't be.</summary>
    public Task<LlmEngine> Loaded => _loaded.Task;

    /// <summary>The engine.</summary>
    /// <exception cref="EngineUnavailableException">It isn't loaded yet, or can't be.</exception>
    public LlmEngine Engine => _loaded.Task.IsCompletedSuccessfully ? _loaded.Task.Result
        : IsLoading ? throw new EngineUnavailableException("The model is being loaded; send the request again later.")
        : throw new EngineUnavailableException("The model couldn't be loaded; the application's log says why.");

    internal bool IsLoading => !_loaded.Task.IsCompleted;

    /// <summary>Loads the engine, once, on the caller's thread.</summary>
    /// <param name="newBackend">Makes what computes, which then belongs to this.</param>
    /// <param name="load">Makes an engine of it.</param>
    internal void Load(Func<Backend> newBackend, Func<Backend, LlmEngine> load)
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            _hasBegun = true;
        }

        Backend? backend = null;
        try
        {
            backend = newBackend();
            LlmEngine engine = load(backend);
            _backend = backend;
            _loaded.SetResult(engine);
        }
        catch (Exception error)
        {
            backend?.Dispose();
            _loaded.SetException(error);
            _ = _loaded.Task.Exception; // whoever asks is told; nobody need
            throw;
        }
    }

    /// <summary>Aborts what still runs and gives the model's memory back, unless the engine is somebody else's. One that is being loaded is waited for.</summary>
    public async ValueTask DisposeAsync()
    {
        lock (_lock)
        {
            if (_isDisposed) return;
            _isDisposed = true;
        }

        if (_hasBegun) await Task.WhenAny(_loaded.Task);
        if (_backend is null) return;
        await Engine.DisposeAsync();
        _backend.Dispose();
    }
}
