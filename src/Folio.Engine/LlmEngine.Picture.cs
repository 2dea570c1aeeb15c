namespace Folio.Engine;

public sealed partial class LlmEngine
{
    /// <summary>The blocks of the KV cache and the sequences that hold them, as they are after the present step.</summary>
    public async Task<EnginePicture> LookAsync()
    {
        EnginePicture? picture = null;
        await OnLoop(() => picture = EnginePicture.Of(_pool, Scheduler.Groups())).ConfigureAwait(false);
        return picture!;
    }
}
