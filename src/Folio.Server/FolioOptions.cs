using Folio.Compute;
using Folio.Engine;

namespace Folio.Server;

/// <summary>What an application hosts: a model, how it runs, and who may ask it.</summary>
public sealed class FolioOptions
{
    /// <summary>A folder, a .gguf file, or a model of the Hugging Face hub: owner/name[:file][@revision], which is fetched into the hub's cache.</summary>
    public string Model { get; set; } = "";

    /// <summary>A branch, tag or commit of a model of the hub; null: the one in <see cref="Model"/>, or main.</summary>
    public string? Revision { get; set; }

    public EngineOptions Engine { get; set; } = new();

    public ApiOptions Api { get; set; } = new();

    /// <summary>What computes: the processor, unless told otherwise.</summary>
    public DeviceOptions Device { get; set; } = new();

    /// <summary>Makes what computes; the engine's owner ends it. By default what <see cref="Device"/> says.</summary>
    public Func<Backend> Backend { get => field ?? Device.New; set; }

    /// <summary>
    /// The application starts without waiting for the model: until it is loaded, Folio's routes answer 503, and if it can't be, they go on with that. By default a model that can't be loaded keeps the application from
    /// starting, and who can connect gets answers.
    /// </summary>
    public bool LoadInBackground { get; set; }
}
